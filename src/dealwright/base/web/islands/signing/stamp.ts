// A stamp that the sender puts into a field: a picture, or the company's.
import { all, one } from "../core/dom";
import { t } from "../core/words";
import type { Field } from "./field";

const MOST = 1_500_000; // bytes of a picture

type Put = (values: Partial<Field>) => void;

/** What the panel says of the chosen field's stamp. */
export function showStamp(panel: HTMLElement, field: Field): void {
  const named = one("[data-stamp-name]", panel);
  const name = String(field.file ?? "");
  if (named) named.textContent = field.picture ? t("The stamp is put when this is saved.") : name;
  const remove = one("[data-stamp=remove]", panel);
  if (remove) remove.hidden = !name && !field.picture;
}

/** Listens to the panel's buttons and file input. */
export function listenForStamps(root: HTMLElement, put: Put): void {
  const input = one<HTMLInputElement>("[data-stamp=file]", root);
  const problem = one("[data-stamp-problem]", root);
  const refuse = (text: string): void => {
    if (problem) problem.textContent = text;
  };
  input?.addEventListener("change", () => {
    const file = input.files?.[0];
    refuse("");
    if (!file) return;
    if (file.size > MOST) return refuse(t("Choose a picture of at most 1.5 MB."));
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      put({ picture: String(reader.result).replace(/^data:[^,]*,/, ""), picture_name: file.name, read_only: true });
      input.value = "";
    });
    reader.readAsDataURL(file);
  });
  for (const button of all("[data-stamp=company]", root)) button.addEventListener("click", () => put({ picture: "company", read_only: true }));
  one("[data-stamp=remove]", root)?.addEventListener("click", () => put({ picture: false, file: "", read_only: false }));
}

/** A copy of a field has the same stamp. */
export function withSameStamp(copy: Field, from: Field): Field {
  return copy.file && !copy.picture ? { ...copy, picture: `copy:${from.id}` } : copy;
}

/** What the server says was stored. */
export function noteStamps(fields: Map<string, Field>, stored: unknown): void {
  for (const [id, name] of Object.entries((stored ?? {}) as Record<string, string>)) {
    const field = fields.get(id);
    if (field) Object.assign(field, { file: name, picture: undefined });
  }
}
