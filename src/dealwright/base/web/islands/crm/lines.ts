// A table form whose rows are added and taken away in the page. Where rows have a quantity
// and a price it shows what they come to; what counts is computed by the server on saving.
import { all, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { plainNumber } from "../list/fields";

export const mount: Mount = (form) => {
  const body = one("[data-lines]", form);
  const template = one<HTMLTemplateElement>("[data-line-template]", form);
  if (!body || !template) return;
  let next = all("[data-line]", body).length + 1;
  const format = formatter(form.dataset.currency ?? "");

  const number = (row: Element, field: string): number | null => {
    const input = one<HTMLInputElement>(`[name$=".${field}"]`, row);
    if (!input || input.value.trim() === "") return null;
    const value = Number(plainNumber(input.value));
    return Number.isFinite(value) ? value : null;
  };
  const addUp = (): void => {
    const sum = one("[data-sum]", form);
    if (!sum) return;
    let total = 0;
    for (const row of all("[data-line]", body)) {
      const shown = one("[data-amount]", row);
      const price = number(row, "unit_price");
      const amount = price === null ? null : (number(row, "quantity") ?? 1) * price * (1 - (number(row, "discount") ?? 0) / 100);
      if (shown) shown.textContent = amount === null ? "" : format(amount);
      total += amount ?? 0;
    }
    sum.textContent = format(total);
  };
  const add = (): void => {
    const made = template.innerHTML.replaceAll("__n__", String(next++));
    body.insertAdjacentHTML("beforeend", made);
    const line = one("[data-line]:last-child", body);
    (line && (one("[data-line-start]", line) ?? one("input:not([type=hidden])", line)))?.focus();
    addUp();
  };
  const click = (event: MouseEvent): void => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("[data-add-line]")) add();
    const removed = event.target.closest("[data-remove-line]")?.closest("[data-line]");
    if (!removed) return;
    const neighbour = removed.nextElementSibling ?? removed.previousElementSibling;
    removed.remove();
    (neighbour ? one<HTMLInputElement>("input:not([type=hidden])", neighbour) : one("[data-add-line]", form))?.focus();
    addUp();
  };
  form.addEventListener("click", click);
  form.addEventListener("input", addUp);
  addUp();
};

function formatter(currency: string): (amount: number) => string {
  const style = currency ? ({ style: "currency", currency } as const) : {};
  const format = new Intl.NumberFormat(document.documentElement.lang || "en", style);
  return (amount) => format.format(amount);
}
