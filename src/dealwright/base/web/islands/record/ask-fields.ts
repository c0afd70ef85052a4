// What a change still needs, asked in place: a small form of just those fields.
import { dialog } from "../core/dialogs";
import { el } from "../core/dom";
import { toast } from "../core/toast";
import { t } from "../core/words";
import type { Answer, Data } from "../core/write";
import { percentToFraction } from "../list/editor";
import { isNumeric, plainNumber, type FieldInfo } from "../list/fields";
import { lookupBox } from "./lookup";

interface Asked {
  fields: Map<string, FieldInfo>;
  keys: string[];
  intro: string;
  values: Data;
  send: (values: Data) => Promise<Answer>;
  done: (data: Data) => void;
  cancelled?: () => void;
}

export function askFields({ fields, keys, intro, values, send, done, cancelled }: Asked): void {
  const readers = new Map<string, () => unknown>();
  const errors = new Map<string, HTMLElement>();
  const form = el("form", { class: "form", novalidate: true }, el("p", { class: "soft" }, intro));
  for (const key of keys) {
    const field = fields.get(key);
    if (!field) continue;
    const error = el("p", { class: "field-error", role: "alert" });
    errors.set(key, error);
    const { element, read } = control(field);
    readers.set(key, read);
    form.append(el("label", { class: "field" }, el("span", { class: "field-label" }, field.label), element, error));
  }
  const save = el("button", { type: "submit", class: "btn btn-primary" }, t("Save"));
  form.append(el("div", { class: "dialog-footer" }, el("button", { type: "button", class: "btn btn-quiet", "data-close": true }, t("Cancel")), save));
  let saved = false;
  const box = dialog(t("Something is missing"), form, { onClose: () => { if (!saved) cancelled?.(); } });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...readers].map(([key, read]) => [key, read()]));
    save.disabled = true;
    const answer = await send({ ...values, ...given });
    save.disabled = false;
    if (answer.ok) {
      saved = true;
      box.close();
      done(answer.data);
      return;
    }
    for (const [key, place] of errors) place.textContent = answer.problem.fields[key]?.join(" ") ?? "";
    if (!Object.keys(answer.problem.fields).some((key) => errors.has(key))) toast({ message: answer.problem.title, tone: "danger" });
  });
  form.querySelector<HTMLElement>("input, select, textarea")?.focus();
}

function control(field: FieldInfo): { element: HTMLElement; read: () => unknown } {
  if (field.kind === "choice" || field.kind === "bool") {
    const options: [string, string][] = field.kind === "bool" ? [["true", t("Yes")], ["false", t("No")]] : field.options;
    const select = el("select", { class: "input select" }, el("option", { value: "" }), ...options.map(([value, label]) => el("option", { value }, label)));
    return { element: select, read: () => (field.kind === "bool" ? select.value === "true" : select.value || null) };
  }
  if (field.kind === "relation" || field.kind === "user") {
    let chosen = "";
    const list = el("ul", { class: "combobox-list", id: `ask-${field.key}`, role: "listbox", hidden: true, "aria-label": field.label });
    const input = el("input", { class: "input", role: "combobox", "aria-expanded": "false", "aria-controls": `ask-${field.key}`, autocomplete: "off", placeholder: t("Type to search") });
    const element = el("div", { class: "combobox" }, input, list);
    lookupBox({ address: `/lookup/${field.kind === "user" ? "user" : field.relation}`, label: field.label, input, list, choose: (found) => {
      chosen = found?.id ?? "";
      input.value = found?.title ?? "";
    } });
    return { element, read: () => chosen || null };
  }
  if (field.kind === "long_text") {
    const area = el("textarea", { class: "input", rows: 3 });
    return { element: area, read: () => area.value };
  }
  const type = { date: "date", datetime: "datetime-local", email: "email" }[field.kind] ?? "text";
  const input = el("input", { class: "input", type, ...(isNumeric(field.kind) ? { inputmode: "decimal" } : {}) });
  const read = (): unknown => {
    if (!isNumeric(field.kind)) return input.value || null;
    const number = plainNumber(input.value);
    return number === "" ? null : field.kind === "percent" ? percentToFraction(number) : number;
  };
  return { element: input, read };
}
