// The dialog in which a filter is built: conditions in nested groups, across relations.
import { dialog } from "../core/dialogs";
import { debounce, el, icon, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { toast } from "../core/toast";
import { t } from "../core/words";
import { getJson, send } from "../core/write";
import { readTree, takesMany, valueless, writeTree, type Condition, type FilterField, type Group, type Tree } from "./tree";
import { valueInput } from "./values";

const MOST_DEPTH = 4;

function opLabel(op: string, kind: string): string {
  const time = kind === "date" || kind === "datetime";
  const labels: Record<string, string> = {
    is: t("is"), is_not: t("is not"), in: t("is any of"), not_in: t("is none of"), contains: t("contains"), starts_with: t("starts with"),
    gt: time ? t("after") : t("more than"), gte: time ? t("on or after") : t("at least"), lt: time ? t("before") : t("less than"), lte: time ? t("on or before") : t("at most"),
    between: t("between"), empty: t("is empty"), not_empty: t("is not empty"),
    within_last_days: t("in the last … days"), within_next_days: t("in the next … days"), is_me: t("is me"),
  };
  return labels[op] ?? op;
}

class Builder {
  private readonly known = new Map<string, FilterField>();
  private readonly levels = new Map<string, FilterField[]>();
  readonly root: Group;
  readonly element = el("div", { class: "stack" });
  private readonly sentence = el("p", { class: "filter-sentence", "aria-live": "polite" });
  private readonly groups = el("div");

  constructor(private readonly slug: string, fields: FilterField[], tree: Tree) {
    this.remember("", fields);
    this.root = readTree(tree);
    if (!this.root.parts.length) this.root.parts.push(this.blank());
    this.element.append(this.groups, this.sentence);
  }

  private remember(over: string, fields: FilterField[]): void {
    this.levels.set(over, fields);
    for (const field of fields) this.known.set(field.key, field);
  }

  private blank(): Condition {
    const first = this.levels.get("")?.[0];
    return { type: "condition", field: first?.key ?? "", op: first?.ops[0] ?? "is", value: "" };
  }

  /** Fetch the fields behind relations that the filter already uses, then draw. */
  async start(): Promise<void> {
    const paths = new Set<string>();
    const walk = (group: Group): void => {
      for (const part of group.parts) {
        if (part.type === "group") walk(part);
        else part.field.split(".").slice(0, -1).forEach((_, at, all) => paths.add(all.slice(0, at + 1).join(".")));
      }
    };
    walk(this.root);
    for (const path of [...paths].sort((a, b) => a.length - b.length)) await this.level(path);
    this.draw();
  }

  private async level(over: string): Promise<FilterField[]> {
    const found = this.levels.get(over);
    if (found) return found;
    const { fields } = await getJson<{ fields: FilterField[] }>(`/${this.slug}/filter-fields?over=${encodeURIComponent(over)}`);
    this.remember(over, fields);
    return fields;
  }

  draw(focus?: Condition): void {
    this.groups.replaceChildren(this.drawGroup(this.root, undefined, 1, focus));
    this.tell();
  }

  private drawGroup(group: Group, parent: Group | undefined, depth: number, focus?: Condition): HTMLElement {
    const box = el("div", { class: "filter-group", role: "group" });
    const word = el("select", { class: "input select input-small", "aria-label": t("How the conditions go together") });
    for (const [value, label] of [["all", t("All of these")], ["any", t("Any of these")], ["none", t("None of these")]]) word.append(el("option", { value: value!, selected: group.word === value }, label!));
    word.addEventListener("change", () => {
      group.word = word.value as Group["word"];
      this.tell();
    });
    const head = el("div", { class: "filter-head" }, word);
    if (parent) head.append(this.remover(t("Remove the group"), () => parent.parts.splice(parent.parts.indexOf(group), 1)));
    box.append(head);
    for (const part of group.parts) box.append(part.type === "group" ? this.drawGroup(part, group, depth + 1, focus) : this.drawCondition(part, group, focus === part));
    const add = el("button", { type: "button", class: "btn btn-quiet btn-small" }, icon("plus", 14), t("Condition"));
    add.addEventListener("click", () => {
      const made = this.blank();
      group.parts.push(made);
      this.draw(made);
    });
    const nest = el("button", { type: "button", class: "btn btn-quiet btn-small" }, icon("brackets", 14), t("Group"));
    nest.addEventListener("click", () => {
      const made = this.blank();
      group.parts.push({ type: "group", word: group.word === "any" ? "all" : "any", parts: [made] });
      this.draw(made);
    });
    box.append(el("div", { class: "row" }, add, depth < MOST_DEPTH ? nest : null));
    return box;
  }

  private remover(label: string, remove: () => void): HTMLElement {
    const button = el("button", { type: "button", class: "btn btn-icon btn-quiet btn-small", "aria-label": label }, icon("x", 14));
    button.addEventListener("click", () => {
      remove();
      this.draw();
    });
    return button;
  }

  private drawCondition(condition: Condition, group: Group, focus: boolean): HTMLElement {
    const field = this.known.get(condition.field);
    const fieldSelect = this.fieldSelect(condition);
    const op = el("select", { class: "input select", "aria-label": t("Comparison") });
    for (const each of field?.ops ?? []) op.append(el("option", { value: each, selected: each === condition.op }, opLabel(each, field?.kind ?? "")));
    op.addEventListener("change", () => {
      const many = takesMany(condition.op) || condition.op === "between";
      condition.op = op.value;
      if (many !== (takesMany(op.value) || op.value === "between") || op.value.startsWith("within")) condition.value = takesMany(op.value) ? [] : op.value === "between" ? ["", ""] : "";
      this.draw(condition);
    });
    const value = el("div", { class: "filter-value" });
    if (field && !valueless(condition.op)) value.append(valueInput(field, condition, () => this.tell()));
    const row = el("div", { class: "filter-row" }, fieldSelect, op, value, this.remover(t("Remove the condition"), () => group.parts.splice(group.parts.indexOf(condition), 1)));
    if (focus) queueMicrotask(() => (field && condition.value !== "" ? one("input, select, button", value) : fieldSelect)?.focus());
    return row;
  }

  private fieldSelect(condition: Condition): HTMLSelectElement {
    const select = el("select", { class: "input select", "aria-label": t("Field") });
    const fill = (over: string): void => {
      const back = over ? [el("option", { value: "..", disabled: false }, t("‹ Back"))] : [];
      const fields = this.levels.get(over) ?? [];
      const plain = fields.map((field) => el("option", { value: field.key, selected: field.key === condition.field }, this.labelOf(field)));
      const further = fields.filter((field) => field.leads_to && over.split(".").length < 4).map((field) => el("option", { value: `>${field.key}` }, `${this.labelOf(field)} › …`));
      select.replaceChildren(...back, el("optgroup", { label: over ? t("Fields of {relation}", { relation: this.labelOf(this.known.get(over)) }) : t("Fields") }, ...plain));
      if (further.length) select.append(el("optgroup", { label: t("Through a relation") }, ...further));
      select.dataset.over = over;
    };
    fill(condition.field.split(".").slice(0, -1).join("."));
    select.addEventListener("change", async () => {
      const over = select.dataset.over ?? "";
      if (select.value === "..") {
        fill(over.split(".").slice(0, -1).join("."));
        select.selectedIndex = -1;
        return;
      }
      if (select.value.startsWith(">")) {
        const path = select.value.slice(1);
        try {
          await this.level(path);
        } catch {
          toast({ message: t("No connection."), tone: "danger" });
          return;
        }
        fill(path);
        select.selectedIndex = -1;
        select.focus();
        select.showPicker?.();
        return;
      }
      const field = this.known.get(select.value);
      condition.field = select.value;
      condition.op = field?.ops.includes(condition.op) && !valueless(condition.op) ? condition.op : (field?.ops[0] ?? "is");
      condition.value = takesMany(condition.op) ? [] : condition.op === "between" ? ["", ""] : "";
      this.draw(condition);
    });
    return select;
  }

  private labelOf(field: FilterField | undefined): string {
    if (!field) return "";
    const parts = field.key.split(".");
    return [...parts.slice(0, -1).map((_, at) => this.known.get(parts.slice(0, at + 1).join("."))?.label ?? ""), field.label].join(" › ");
  }

  readonly tell = debounce(180, async () => {
    const tree = writeTree(this.root);
    if (!Object.keys(tree).length) {
      this.sentence.textContent = "";
      return;
    }
    const answer = await send(`/${this.slug}/filter-sentence`, tree);
    this.sentence.textContent = answer.ok ? String(answer.data.sentence) : Object.values(answer.problem.fields).flat().join(" ") || answer.problem.title;
    this.sentence.classList.toggle("field-error", !answer.ok);
  });
}

export async function openBuilder(slug: string, fields: FilterField[], tree: Tree, apply: (tree: Tree) => void): Promise<void> {
  const builder = new Builder(slug, fields, tree);
  const clear = el("button", { type: "button", class: "btn btn-quiet" }, t("Clear"));
  const save = el("button", { type: "submit", class: "btn btn-primary" }, t("Apply"));
  const form = el("form", { class: "stack" }, builder.element, el("div", { class: "dialog-footer" }, clear, save));
  const box = dialog(t("Filter"), form, { wide: true });
  clear.addEventListener("click", () => {
    box.close();
    apply({});
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const made = writeTree(builder.root);
    if (Object.keys(made).length) {
      const answer = await send(`/${slug}/filter-sentence`, made);
      if (!answer.ok) return builder.tell();
    }
    box.close();
    apply(made);
  });
  await builder.start();
  one("select[aria-label]", builder.element)?.closest(".filter-group")?.querySelector<HTMLElement>(".filter-row select")?.focus();
}

export const mount: Mount = (element) => {
  const { slug = "", object = "" } = element.dataset;
  const data = JSON.parse(document.getElementById(`filter-${object}`)?.textContent ?? "{}") as { fields: FilterField[]; filter: Tree };
  const open = (): void =>
    void openBuilder(slug, data.fields, data.filter, (tree) => {
      const url = new URL(location.href);
      if (Object.keys(tree).length) url.searchParams.set("filter", JSON.stringify(tree));
      else if (url.searchParams.has("view")) url.searchParams.set("filter", '{"all":[]}');
      else url.searchParams.delete("filter");
      url.searchParams.delete("after");
      location.assign(url);
    });
  element.addEventListener("click", open);
  element.closest(".toolbar")?.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-filter-edit]")) open();
  });
};
