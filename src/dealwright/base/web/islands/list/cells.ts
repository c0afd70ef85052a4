// Editing in the cells of a list: one cell has the focus; Enter or a letter starts editing.
import { all, el, one, parse, placeNear } from "../core/dom";
import { announce, toast } from "../core/toast";
import { t } from "../core/words";
import { optimistically, send, type Problem } from "../core/write";
import { rememberUndo } from "../everywhere";
import { openEditor, type Edited } from "./editor";
import type { FieldInfo } from "./fields";

interface Place { row: HTMLTableRowElement; cell: HTMLTableCellElement }

export class Cells {
  private anchor: Place | undefined; // where a range began

  constructor(
    private readonly root: HTMLElement,
    private readonly slug: string,
    private readonly fields: Map<string, FieldInfo>,
    private readonly refreshed: (row: HTMLTableRowElement) => void,
  ) {}

  rows(): HTMLTableRowElement[] {
    return all<HTMLTableRowElement>("tbody tr[data-id]", this.root);
  }

  active(): Place | undefined {
    const cell = document.activeElement;
    if (!(cell instanceof HTMLTableCellElement) || !cell.dataset.field) return undefined;
    return { row: cell.parentElement as HTMLTableRowElement, cell };
  }

  /** What stands for a row or a cell now: a fresh row may have taken its place. */
  private rowNow(row: HTMLTableRowElement): HTMLTableRowElement {
    return one<HTMLTableRowElement>(`tbody tr[data-id="${CSS.escape(row.dataset.id ?? "")}"]`, this.root) ?? row;
  }

  private cellNow(cell: HTMLTableCellElement): HTMLTableCellElement {
    if (cell.isConnected) return cell;
    const row = this.rowNow(cell.parentElement as HTMLTableRowElement);
    return one<HTMLTableCellElement>(`td[data-field="${cell.dataset.field}"]`, row) ?? cell;
  }

  focus(place: Element | null | undefined): boolean {
    const cell = place instanceof HTMLTableCellElement ? this.cellNow(place) : place;
    if (!(cell instanceof HTMLTableCellElement)) return false;
    cell.tabIndex = -1;
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  }

  /** Keys while a cell has the focus; returns whether the key was used. */
  key(event: KeyboardEvent): boolean {
    const place = this.active();
    if (!place) return false;
    const { row, cell } = place;
    const steps: Record<string, [number, number]> = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
    const step = steps[event.key];
    if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
      const moved = this.move(place, step[0] * rtl, step[1]);
      if (event.shiftKey) {
        this.anchor ??= place;
        if (moved) this.markRange();
      } else this.clearRange();
      return true;
    }
    if (event.key === "Tab") return this.move(place, event.shiftKey ? -1 : 1, 0, true);
    if (event.key === "Escape") {
      if (this.anchor) this.clearRange();
      else row.focus();
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "Enter" || event.key === "F2") {
      this.edit(row, cell);
      return true;
    }
    if (event.key === "Delete" || event.key === "Backspace") {
      const field = this.fields.get(cell.dataset.field ?? "");
      if (field?.editable && !field.required) void this.save(row, cell, field, { value: null, text: "" });
      return true;
    }
    if (event.key.length === 1 && event.key !== " ") {
      this.edit(row, cell, event.key);
      return true;
    }
    return event.key === " ";
  }

  private move(left: Place, x: number, y: number, wrap = false): boolean {
    const row = this.rowNow(left.row);
    const cell = this.cellNow(left.cell);
    const cells = all<HTMLTableCellElement>("td[data-field]", row);
    let at = cells.indexOf(cell) + x;
    let target: HTMLTableRowElement | undefined = row;
    if (y) {
      const rows = this.rows();
      target = rows[rows.indexOf(row) + y];
    } else if (at < 0 || at >= cells.length) {
      if (!wrap) {
        if (at < 0) row.focus();
        return false;
      }
      const rows = this.rows();
      target = rows[rows.indexOf(row) + x];
      at = at < 0 ? cells.length - 1 : 0;
    }
    return target ? this.focus(all("td[data-field]", target)[at]) : false;
  }

  edit(row: HTMLTableRowElement, cell: HTMLTableCellElement, typed?: string, error?: string, value?: string): void {
    const field = this.fields.get(cell.dataset.field ?? "");
    if (!field?.editable) {
      announce(t("{field} cannot be changed here.", { field: field?.label ?? t("This field") }));
      return;
    }
    cell.classList.add("cell-active");
    openEditor({
      anchor: cell,
      anchorNow: () => this.cellNow(cell),
      field,
      value: value ?? cell.dataset.value ?? "",
      text: cell.dataset.text ?? cell.textContent?.trim() ?? "",
      ...(typed === undefined ? {} : { typed }),
      ...(error === undefined ? {} : { error }),
      cancel: () => {
        this.cellNow(cell).classList.remove("cell-active");
        this.focus(cell);
      },
      save: (edited, then) => {
        this.cellNow(cell).classList.remove("cell-active");
        const place = { row: this.rowNow(row), cell: this.cellNow(cell) };
        void this.save(place.row, place.cell, field, edited);
        const x = then === "next" ? 1 : then === "previous" ? -1 : 0;
        if (!(x && this.move(place, x, 0, true)) && !(then === "down" && this.move(place, 0, 1))) this.focus(cell);
      },
    });
  }

  private async save(row: HTMLTableRowElement, cell: HTMLTableCellElement, field: FieldInfo, edited: Edited, version?: string): Promise<void> {
    const before = cell.dataset.value ?? "";
    const sent = edited.value === null || edited.value === undefined ? "" : Array.isArray(edited.value) ? JSON.stringify(edited.value) : String(edited.value);
    if (sent === before && version === undefined) return;
    const html = [...cell.childNodes].map((node) => node.cloneNode(true));
    const { value, text } = cell.dataset;
    const now = (): HTMLTableCellElement => this.cellNow(cell);
    await optimistically({
      record: row.dataset.id ?? "",
      show: () => {
        cell.textContent = edited.text;
        Object.assign(cell.dataset, { value: sent, text: edited.text }); // editing on starts from here
        cell.classList.add("cell-saving");
      },
      write: () =>
        send(`/${this.slug}/${row.dataset.id}/cells`, { values: { [field.key]: edited.value }, version: Number(version ?? this.rowNow(row).dataset.version), columns: this.columns() }, { keep: `${row.dataset.title ?? ""}: ${field.label}` }),
      done: (data, queued) => {
        now().classList.remove("cell-saving");
        if (queued) {
          now().classList.add("cell-queued");
          now().title = t("Will be sent when the connection is back.");
          return;
        }
        rememberUndo(data.undo);
        this.replace(this.rowNow(row), String(data.row ?? ""));
        announce(t("{field} saved.", { field: field.label }));
      },
      undo: (problem) => {
        now().classList.remove("cell-saving");
        now().replaceChildren(...html);
        Object.assign(now().dataset, { value: value ?? "", text: text ?? "" });
        this.refused(this.rowNow(row), now(), field, edited, problem);
      },
    });
  }

  private refused(row: HTMLTableRowElement, cell: HTMLTableCellElement, field: FieldInfo, edited: Edited, problem: Problem): void {
    if (problem.code === "version_conflict" && problem.current) {
      this.conflict(row, cell, field, edited, problem.current);
      return;
    }
    const sentences = Object.values(problem.fields).flat();
    if (problem.status === 422 && cell.isConnected && sentences.length) {
      const kept = field.kind === "percent" || Array.isArray(edited.value) ? undefined : String(edited.value ?? "");
      this.edit(row, cell, undefined, sentences.join(" "), kept);
      return;
    }
    toast({ message: sentences.join(" ") || problem.title, tone: "danger" });
  }

  /** Both values side by side: nobody's work is lost without a word. */
  private conflict(row: HTMLTableRowElement, cell: HTMLTableCellElement, field: FieldInfo, edited: Edited, current: Record<string, unknown>): void {
    const theirs = (current.values as Record<string, { text: string }> | undefined)?.[field.key]?.text ?? "";
    const mine = el("button", { type: "button", class: "btn btn-primary btn-small" }, t("Use mine"));
    const keep = el("button", { type: "button", class: "btn btn-small" }, t("Keep theirs"));
    const box = el(
      "div",
      { class: "cell-editor conflict", role: "alertdialog", "aria-label": t("Changed meanwhile") },
      el("strong", {}, t("Somebody changed this meanwhile.")),
      el("dl", {}, el("dt", {}, t("Now")), el("dd", {}, theirs || "–"), el("dt", {}, t("Yours")), el("dd", {}, edited.text || "–")),
      el("div", { class: "row" }, mine, keep),
    );
    document.body.append(box);
    placeNear(box, cell);
    const close = (): void => {
      box.remove();
      this.focus(cell);
    };
    mine.addEventListener("click", () => {
      close();
      void this.save(this.rowNow(row), this.cellNow(cell), field, edited, String(current.version));
    });
    keep.addEventListener("click", () => {
      close();
      this.replace(this.rowNow(row), String(current.row ?? ""));
    });
    box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") keep.click();
    });
    keep.focus();
  }

  columns(): string {
    return all<HTMLElement>("thead th[data-field]", this.root).map((head) => head.dataset.field).join(",");
  }

  /** Put a fresh row in place of an old one, keeping the focus and the selection. */
  replace(row: HTMLTableRowElement, html: string): void {
    const fresh = parse(`<table><tbody>${html}</tbody></table>`).querySelector("tr");
    if (!fresh || !row.isConnected) return;
    const focused = document.activeElement;
    const field = focused instanceof HTMLElement && row.contains(focused) ? focused.dataset.field : undefined;
    const onRow = focused === row;
    if (row.getAttribute("aria-selected") === "true") {
      fresh.setAttribute("aria-selected", "true");
      const tick = one<HTMLInputElement>("input[type=checkbox]", fresh);
      if (tick) tick.checked = true;
    }
    for (const kept of all<HTMLTableCellElement>("td.cell-saving, td.cell-active", row)) {
      const cell = one<HTMLTableCellElement>(`td[data-field="${kept.dataset.field}"]`, fresh);
      if (!cell) continue;
      cell.classList.add(...["cell-saving", "cell-active"].filter((name) => kept.classList.contains(name)));
      if (!kept.classList.contains("cell-saving")) continue;
      cell.replaceChildren(...kept.childNodes); // its answer is still to come
      Object.assign(cell.dataset, { value: kept.dataset.value, text: kept.dataset.text });
    }
    fresh.tabIndex = row.tabIndex;
    fresh.classList.toggle("peeked", row.classList.contains("peeked"));
    row.replaceWith(fresh);
    if (field) this.focus(one(`td[data-field="${field}"]`, fresh));
    else if (onRow) fresh.focus();
    this.refreshed(fresh);
  }

  // ---- Ranges, copy and paste ----

  private range(): HTMLTableCellElement[][] {
    const active = this.active();
    if (!active) return [];
    const from = this.anchor ?? active;
    const rows = this.rows();
    const [top, bottom] = [rows.indexOf(from.row), rows.indexOf(active.row)].sort((a, b) => a - b) as [number, number];
    const index = (place: Place): number => all("td[data-field]", place.row).indexOf(place.cell);
    const [left, right] = [index(from), index(active)].sort((a, b) => a - b) as [number, number];
    return rows.slice(top, bottom + 1).map((row) => all<HTMLTableCellElement>("td[data-field]", row).slice(left, right + 1));
  }

  private markRange(): void {
    for (const cell of all(".cell-range", this.root)) cell.classList.remove("cell-range");
    for (const cell of this.range().flat()) cell.classList.add("cell-range");
  }

  clearRange(): void {
    this.anchor = undefined;
    for (const cell of all(".cell-range", this.root)) cell.classList.remove("cell-range");
  }

  copy(event: ClipboardEvent): void {
    const cells = this.range();
    if (!cells.length || String(getSelection() ?? "")) return;
    const text = cells.map((row) => row.map((cell) => cell.dataset.text ?? cell.textContent?.trim() ?? "").join("\t")).join("\n");
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    announce(t("{count} cells copied", { count: cells.flat().length }));
  }

  /** A block from a spreadsheet goes into the cells from the focused one on. */
  async paste(event: ClipboardEvent): Promise<void> {
    const active = this.active();
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!active || !text) return;
    event.preventDefault();
    const block = readBlock(text);
    const rows = this.rows();
    const top = rows.indexOf(active.row);
    const left = all("td[data-field]", active.row).indexOf(active.cell);
    const changes: { id: string; version: number; values: Record<string, string> }[] = [];
    block.forEach((line, y) => {
      const row = rows[top + y];
      if (!row) return;
      const cells = all<HTMLTableCellElement>("td[data-field]", row);
      const values: Record<string, string> = {};
      line.forEach((value, x) => {
        const cell = cells[left + x];
        const field = this.fields.get(cell?.dataset.field ?? "");
        if (!cell || !field?.editable) return;
        values[field.key] = value.trim();
        cell.classList.add("cell-saving");
      });
      if (Object.keys(values).length) changes.push({ id: row.dataset.id ?? "", version: Number(row.dataset.version), values });
    });
    if (!changes.length) return toast({ message: t("Nothing here takes what you pasted."), tone: "danger" });
    const answer = await send(`/${this.slug}/paste`, { changes, columns: this.columns() });
    for (const cell of all(".cell-saving", this.root)) cell.classList.remove("cell-saving");
    if (!answer.ok) return toast({ message: answer.problem.title, tone: "danger" });
    for (const [id, html] of Object.entries((answer.data.rows ?? {}) as Record<string, string>)) {
      const row = one<HTMLTableRowElement>(`tr[data-id="${id}"]`, this.root);
      if (row) this.replace(row, html);
    }
    const wrong = (answer.data.wrong ?? []) as { id: string; field: string; sentence: string }[];
    for (const each of wrong) {
      const cell = one(`tr[data-id="${each.id}"] td[data-field="${each.field}"]`, this.root);
      cell?.classList.add("cell-wrong");
      if (cell) cell.title = each.sentence;
    }
    toast({ message: String(answer.data.message), tone: wrong.length ? "danger" : "success", ...(answer.data.undo ? { undo: String(answer.data.undo) } : {}) });
  }
}

/** Tab-separated lines as spreadsheets copy them, quoted cells included. */
export function readBlock(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let quoted = false;
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let at = 0; at < source.length; at += 1) {
    const letter = source[at]!;
    if (quoted) {
      if (letter === '"' && source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else if (letter === '"') quoted = false;
      else cell += letter;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === "\t") {
      rows.at(-1)!.push(cell);
      cell = "";
    } else if (letter === "\n") {
      rows.at(-1)!.push(cell);
      rows.push([]);
      cell = "";
    } else cell += letter;
  }
  rows.at(-1)!.push(cell);
  return rows;
}
