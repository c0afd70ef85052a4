// The value of a condition, by the kind of its field and what is asked.
import { el, icon } from "../core/dom";
import { t } from "../core/words";
import { getJson } from "../core/write";
import { percentToFraction } from "../list/editor";
import { isNumeric, plainNumber } from "../list/fields";
import { lookupBox, type Found } from "../record/lookup";
import { takesMany, type Condition, type FilterField } from "./tree";

const titles = new Map<string, string>();

function relativeDays(): [string, string][] {
  return [
    ["today", t("Today")], ["yesterday", t("Yesterday")], ["tomorrow", t("Tomorrow")],
    ["this_week", t("This week")], ["last_week", t("Last week")], ["next_week", t("Next week")],
    ["this_month", t("This month")], ["last_month", t("Last month")], ["next_month", t("Next month")],
    ["this_quarter", t("This quarter")], ["last_quarter", t("Last quarter")], ["next_quarter", t("Next quarter")],
    ["this_year", t("This year")], ["last_year", t("Last year")], ["next_year", t("Next year")],
  ];
}

export function valueInput(field: FilterField, condition: Condition, changed: () => void): HTMLElement {
  const set = (value: unknown): void => {
    condition.value = value;
    changed();
  };
  if (condition.op.startsWith("within")) return numberInput(condition.value, t("Days"), (value) => set(value === "" ? "" : Number(value)));
  if (condition.op === "between") {
    const pair = Array.isArray(condition.value) ? [...condition.value] : ["", ""];
    const side = (at: number, label: string): HTMLElement => single(field, pair[at], label, (value) => {
      pair[at] = value;
      set([...pair]);
    });
    return el("span", { class: "filter-value" }, side(0, t("From")), side(1, t("To")));
  }
  if (field.leads_to) return records(field, condition, set);
  if (takesMany(condition.op)) return field.options.length ? ticks(field, condition, set) : manyTexts(condition, set);
  return single(field, condition.value, t("Value"), set);
}

function single(field: FilterField, value: unknown, label: string, set: (value: unknown) => void): HTMLElement {
  const text = value === undefined || value === null ? "" : String(value);
  if (field.options.length || field.kind === "bool") {
    const options = field.kind === "bool" ? ([["true", t("Yes")], ["false", t("No")]] as [string, string][]) : field.options;
    const select = el("select", { class: "input select", "aria-label": label }, el("option", { value: "" }), ...options.map(([key, name]) => el("option", { value: key, selected: key === text }, name)));
    select.addEventListener("change", () => set(field.kind === "bool" && select.value ? select.value === "true" : select.value));
    return select;
  }
  if (field.kind === "date" || field.kind === "datetime") return dayInput(text, label, set);
  if (isNumeric(field.kind)) {
    const percent = field.kind === "percent";
    return numberInput(percent && text ? String(+(Number(text) * 100).toFixed(6)) : text, label, (number) => set(percent && number !== "" ? percentToFraction(number) : number), percent ? "%" : "");
  }
  const input = el("input", { class: "input", type: "text", "aria-label": label, value: text });
  input.addEventListener("input", () => set(input.value.trim()));
  return input;
}

function numberInput(value: unknown, label: string, set: (value: string) => void, suffix = ""): HTMLElement {
  const input = el("input", { class: "input num", type: "text", inputmode: "decimal", "aria-label": label, value: String(value ?? "") });
  input.addEventListener("input", () => set(plainNumber(input.value)));
  return suffix ? el("span", { class: "filter-value" }, input, suffix) : input;
}

/** A day by the calendar, or one that moves along with time. */
function dayInput(text: string, label: string, set: (value: unknown) => void): HTMLElement {
  const fixed = /^\d{4}-/.test(text);
  const when = el("select", { class: "input select", "aria-label": label });
  when.append(el("option", { value: "date", selected: fixed || !text }, t("A date")), ...relativeDays().map(([key, name]) => el("option", { value: key, selected: key === text }, name)));
  if (text && !fixed && !relativeDays().some(([key]) => key === text)) when.append(el("option", { value: text, selected: true }, text));
  const date = el("input", { class: "input", type: "date", "aria-label": label, value: fixed ? text.slice(0, 10) : "" });
  date.hidden = when.value !== "date";
  when.addEventListener("change", () => {
    date.hidden = when.value !== "date";
    set(when.value === "date" ? date.value : when.value);
  });
  date.addEventListener("change", () => set(date.value));
  return el("span", { class: "filter-value" }, when, date);
}

function ticks(field: FilterField, condition: Condition, set: (value: unknown) => void): HTMLElement {
  const chosen = new Set((Array.isArray(condition.value) ? condition.value : []).map(String));
  const box = el("div", { class: "field-list" });
  for (const [key, name] of field.options) {
    const tick = el("input", { type: "checkbox", value: key, checked: chosen.has(key) });
    tick.addEventListener("change", () => {
      tick.checked ? chosen.add(key) : chosen.delete(key);
      set([...chosen]);
    });
    box.append(el("label", { class: "check" }, tick, el("span", {}, name)));
  }
  return box;
}

function manyTexts(condition: Condition, set: (value: unknown) => void): HTMLElement {
  const input = el("input", { class: "input", type: "text", "aria-label": t("Values, with commas between"), placeholder: t("Values, with commas between"), value: Array.isArray(condition.value) ? condition.value.join(", ") : "" });
  input.addEventListener("input", () => set(input.value.split(",").map((each) => each.trim()).filter(Boolean)));
  return input;
}

/** Records or people, one or several, by name. */
function records(field: FilterField, condition: Condition, set: (value: unknown) => void): HTMLElement {
  const many = takesMany(condition.op);
  const address = `/lookup/${field.leads_to}`;
  const place = el("div", { class: "stack-tight grow" });
  const ids = (): string[] => (Array.isArray(condition.value) ? condition.value.map(String) : condition.value ? [String(condition.value)] : []);
  const draw = (focus = false): void => {
    place.replaceChildren();
    for (const id of ids()) {
      const remove = el("button", { type: "button", class: "chip-x", "aria-label": t("Remove {name}", { name: titles.get(id) ?? "" }) }, icon("x", 12));
      remove.addEventListener("click", () => {
        set(many ? ids().filter((each) => each !== id) : "");
        draw();
      });
      place.append(el("span", { class: "chip" }, el("span", { class: "truncate px-2" }, id === "me" ? t("Me") : (titles.get(id) ?? "…")), remove));
    }
    if (!many && ids().length) return;
    const list = el("ul", { class: "combobox-list", id: `filter-${Math.random().toString(36).slice(2)}`, role: "listbox", hidden: true, "aria-label": field.label });
    const input = el("input", { class: "input", role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-label": field.label, autocomplete: "off", placeholder: t("Type to search") });
    place.append(el("div", { class: "combobox" }, input, list));
    const look = lookupBox({ address, label: field.label, input, list, choose: (found) => {
      if (!found) return;
      titles.set(found.id, found.title);
      set(many ? [...new Set([...ids(), found.id])] : found.id);
      draw(true);
    } });
    input.addEventListener("click", () => look.search());
    input.addEventListener("blur", () => look.close());
    if (focus && many) input.focus();
  };
  const unknown = ids().filter((id) => id !== "me" && !titles.has(id));
  if (unknown.length) {
    void getJson<{ results: Found[] }>(`${address}?ids=${unknown.join(",")}`).then(({ results }) => {
      for (const each of results) titles.set(each.id, each.title);
      draw();
    }).catch(() => undefined);
  }
  draw();
  return place;
}
