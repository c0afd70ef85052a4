// The properties of the chosen field: what its form shows, and what a change in it means.
import { all, one } from "../core/dom";
import type { Field } from "./field";
import { showStamp } from "./stamp";

const CHECKS = ["pattern", "min_length", "max_length", "minimum", "maximum", "places", "message", "private", "amount", "currency", "description"];
const WHOLE = ["min_length", "max_length", "places"];
type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Show a field's properties, or nothing where none is chosen. */
export function fillPanel(root: HTMLElement, field: Field | undefined, called: string): void {
  const panel = one("[data-properties]", root);
  if (!panel) return;
  panel.hidden = !field;
  if (!field) return;
  callPanel(root, called);
  const checks = (field.checks ?? {}) as Record<string, unknown>;
  for (const place of all("[data-for-kinds]", panel)) place.hidden = !(place.dataset.forKinds ?? "").split(" ").includes(field.kind);
  for (const input of all<Input>("[data-property]", panel)) {
    const name = input.dataset.property ?? "";
    const value = CHECKS.includes(name) ? checks[name] : field[name];
    if (input instanceof HTMLInputElement && input.type === "checkbox") input.checked = Boolean(value);
    else input.value = Array.isArray(value) ? value.join("\n") : String(value ?? "");
  }
  showStamp(panel, field);
}

/** Scroll the panel into sight within the column it stands in; the pages stay where they are. */
export function showPanel(root: HTMLElement): void {
  const panel = one("[data-properties]", root);
  const column = panel?.parentElement;
  if (!panel || !column) return;
  const [inner, outer] = [panel.getBoundingClientRect(), column.getBoundingClientRect()];
  const bottom = Math.min(outer.bottom, innerHeight);
  if (inner.bottom > bottom) column.scrollTop += Math.min(inner.bottom - bottom, inner.top - outer.top);
}

/** The title of the panel. */
export function callPanel(root: HTMLElement, called: string): void {
  const title = one("[data-properties-title]", root);
  if (title) title.textContent = called;
}

/** What a changed input of the panel gives the field. */
export function valuesOf(input: Input, field: Field): Partial<Field> {
  const name = input.dataset.property ?? "";
  if (CHECKS.includes(name)) {
    const checks: Record<string, unknown> = { ...((field.checks ?? {}) as object) };
    const text = input instanceof HTMLInputElement && input.type === "checkbox" ? (input.checked ? "on" : "") : plain(name, input.value.trim());
    if (!text) delete checks[name];
    else if (name === "private") checks[name] = true;
    else checks[name] = WHOLE.includes(name) && /^\d+$/.test(text) ? Number(text) : text;
    return { checks };
  }
  if (input instanceof HTMLInputElement && input.type === "checkbox") return { [name]: input.checked };
  if (name === "options") return { options: input.value.split("\n").map((line) => line.trim()).filter(Boolean) };
  if (name === "tab") return { tab: input.value === "" ? null : Number(input.value) };
  return { [name]: input.value };
}

/** An amount with a decimal comma, and a currency in small letters, are what was meant. */
function plain(name: string, text: string): string {
  if (name === "currency") return text.toUpperCase();
  return name === "amount" && /^\d+,\d{1,3}$/.test(text) ? text.replace(",", ".") : text;
}
