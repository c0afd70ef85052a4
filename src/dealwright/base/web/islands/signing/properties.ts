// The properties of the chosen field: what its form shows, and what a change in it means.
import { all, one } from "../core/dom";
import type { Field } from "./field";

const CHECKS = ["pattern", "min_length", "max_length", "minimum", "maximum", "places", "message"];
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
    const text = input.value.trim();
    if (!text) delete checks[name];
    else checks[name] = WHOLE.includes(name) && /^\d+$/.test(text) ? Number(text) : text;
    return { checks };
  }
  if (input instanceof HTMLInputElement && input.type === "checkbox") return { [name]: input.checked };
  if (name === "options") return { options: input.value.split("\n").map((line) => line.trim()).filter(Boolean) };
  if (name === "tab") return { tab: input.value === "" ? null : Number(input.value) };
  return { [name]: input.value };
}
