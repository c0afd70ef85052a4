// Many rows at once: select, change one field of all, delete, and take it back.
import { ask, dialog } from "../core/dialogs";
import { all, el, icon, one } from "../core/dom";
import { toast, toastNext } from "../core/toast";
import { t } from "../core/words";
import { busy } from "../core/progress";
import { send } from "../core/write";
import { openEditor, type Edited } from "./editor";
import type { FieldInfo } from "./fields";

export class BulkBar {
  private last: HTMLInputElement | undefined;
  private everything = false;
  private readonly bar: HTMLElement;
  private readonly text = el("strong", { "aria-live": "polite" });
  private readonly more = el("button", { type: "button", class: "btn btn-quiet btn-small" });

  constructor(
    private readonly root: HTMLElement,
    private readonly slug: string,
    private readonly fields: Map<string, FieldInfo>,
    private readonly columns: () => string,
  ) {
    const change = el("button", { type: "button", class: "btn" }, icon("pencil"), t("Change…"));
    const remove = el("button", { type: "button", class: "btn btn-danger" }, icon("trash-2"), t("Delete"));
    const clear = el("button", { type: "button", class: "btn btn-icon btn-quiet", "aria-label": t("Clear the selection") }, icon("x"));
    this.bar = el("div", { class: "bulk-bar", role: "toolbar", "aria-label": t("Selected rows"), hidden: true }, this.text, this.more, change, remove, clear);
    root.append(this.bar);
    change.addEventListener("click", () => this.change());
    remove.addEventListener("click", () => void this.remove());
    clear.addEventListener("click", () => this.clear());
    this.more.addEventListener("click", () => {
      this.everything = true;
      this.show();
    });
  }

  get count(): number {
    return this.ids().length;
  }

  private ids(): string[] {
    return all("tbody tr[aria-selected=true]", this.root).map((row) => row.dataset.id ?? "");
  }

  toggle(row: HTMLTableRowElement | undefined): void {
    if (row) this.set(row, row.getAttribute("aria-selected") !== "true");
  }

  set(row: HTMLTableRowElement | undefined, on: boolean): void {
    if (!row) return;
    row.setAttribute("aria-selected", String(on));
    const tick = one<HTMLInputElement>(".grid-check input", row);
    if (tick) tick.checked = on;
    this.everything = false;
    this.show();
  }

  clicked(tick: HTMLInputElement, range: boolean): void {
    const ticks = all<HTMLInputElement>("tbody .grid-check input", this.root);
    const [from, to] = [ticks.indexOf(this.last ?? tick), ticks.indexOf(tick)].sort((a, b) => a - b) as [number, number];
    const span = range && this.last ? ticks.slice(Math.max(0, from), to + 1) : [tick];
    for (const each of span) this.set(each.closest("tr") ?? undefined, tick.checked);
    this.last = tick;
  }

  selectAll(on: boolean): void {
    for (const row of all<HTMLTableRowElement>("tbody tr[data-id]", this.root)) this.set(row, on);
    this.show();
  }

  clear(): void {
    this.everything = false;
    this.selectAll(false);
  }

  private show(): void {
    const count = this.count;
    const rows = all("tbody tr[data-id]", this.root).length;
    const total = Number(one("[data-total]", this.root)?.dataset.total ?? 0);
    this.bar.hidden = count === 0;
    this.text.textContent = this.everything ? t("All {count} selected", { count: total }) : count === 1 ? t("1 selected") : t("{count} selected", { count });
    this.more.hidden = this.everything || count < rows || total <= rows;
    this.more.textContent = t("Select all {count} that match", { count: total });
    const head = one<HTMLInputElement>("thead .grid-check input", this.root);
    if (head) {
      head.checked = count > 0 && count === rows;
      head.indeterminate = count > 0 && count < rows;
    }
  }

  private target(): Record<string, unknown> {
    return this.everything ? { all: true, query: location.search } : { ids: this.ids() };
  }

  private change(): void {
    const editable = [...this.fields.values()].filter((field) => field.editable);
    const select = el("select", { class: "input select", "aria-label": t("Field") });
    for (const field of editable) select.append(el("option", { value: field.key }, field.label));
    const value = el("button", { type: "button", class: "input" }, t("Choose a value"));
    const save = el("button", { type: "button", class: "btn btn-primary" }, t("Change"));
    let edited: Edited = { value: null, text: "" };
    const pick = (): void => {
      const field = this.fields.get(select.value);
      if (!field) return;
      openEditor({
        anchor: value, field, value: "", text: "",
        cancel: () => value.focus(),
        save: (made) => {
          edited = made;
          value.textContent = made.text || t("Empty");
          save.focus();
        },
      });
    };
    select.addEventListener("change", () => {
      edited = { value: null, text: "" };
      value.textContent = t("Choose a value");
    });
    value.addEventListener("click", pick);
    const box = dialog(
      this.everything ? t("Change all that match") : t("Change {count} records", { count: this.count }),
      el("div", { class: "form" },
        el("div", { class: "field" }, el("span", { class: "field-label" }, t("Field")), select),
        el("div", { class: "field" }, el("span", { class: "field-label" }, t("New value")), value),
        el("div", { class: "dialog-footer" }, save)),
    );
    save.addEventListener("click", () => {
      const key = select.value;
      box.close();
      void this.run({ ...this.target(), values: { [key]: edited.value } });
    });
  }

  private async remove(): Promise<void> {
    if (this.everything && !(await ask(t("Delete all records that match? They rest in the bin for 30 days."), t("Delete")))) return;
    await this.run({ ...this.target(), delete: true });
  }

  private async run(body: Record<string, unknown>): Promise<void> {
    const over = busy();
    const answer = await send(`/${this.slug}/bulk`, { ...body, columns: this.columns() });
    over();
    if (!answer.ok) return toast({ message: Object.values(answer.problem.fields).flat().join(" ") || answer.problem.title, tone: "danger" });
    const wrong = Number(answer.data.wrong ?? 0);
    const undo = answer.data.undo ? String(answer.data.undo) : "";
    toastNext({ message: String(answer.data.message), tone: wrong ? "danger" : "success", ...(undo ? { undo } : {}) });
    location.reload();
  }
}
