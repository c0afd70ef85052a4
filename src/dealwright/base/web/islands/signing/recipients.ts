// The recipients of a new envelope, or the roles of a template: rows added as they are needed (the
// `lines` island), people found by typing. Without it some empty rows stand there.
import { all, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { lookupBox } from "../record/lookup";

const ORDER = "[data-line-order]";
const INPUTS = `input:not([type=hidden]):not(${ORDER})`;

export const mount: Mount = (element) => {
  const rows = (): HTMLElement[] => all("[data-line]", element);
  for (const row of rows().slice(1).reverse()) {
    if (all<HTMLInputElement>(INPUTS, row).some((input) => input.value.trim()) || one<HTMLSelectElement>("[name$=group]", row)?.value) break;
    row.remove();
  }
  const number = (): void => {
    for (const [at, row] of rows().entries()) {
      for (const part of all("[data-numbered]", row)) {
        const text = (part.dataset.numbered ?? "").replaceAll("{n}", String(at + 1));
        if (part.hasAttribute("aria-label")) part.setAttribute("aria-label", text);
        else part.textContent = text;
      }
    }
  };
  const prepare = (): void => {
    for (const shown of all("[data-with-script]", element)) shown.hidden = false;
    number();
    for (const row of rows()) showForRole(row);
  };
  const changes = new MutationObserver((found) => {
    for (const row of found.flatMap((each) => [...each.addedNodes])) {
      const order = row instanceof HTMLElement ? one<HTMLInputElement>(ORDER, row) : null;
      if (order) order.value = String(Math.max(0, ...all<HTMLInputElement>(ORDER, element).filter((each) => each !== order).map((each) => Number(each.value) || 0)) + 1);
    }
    prepare();
  });
  const lines = one("[data-lines]", element);
  if (lines) changes.observe(lines, { childList: true });
  element.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement && "people" in event.target.dataset) propose(event.target, element.dataset.address ?? "");
  });
  element.addEventListener("change", (event) => {
    const row = event.target instanceof HTMLSelectElement && event.target.name === "role" ? event.target.closest<HTMLElement>("[data-line]") : null;
    if (row) askForRole(row, rows().indexOf(row));
  });
  prepare();
  return () => changes.disconnect();
};

/** What only some roles need stands there for those alone. */
function showForRole(row: HTMLElement): void {
  const role = one<HTMLSelectElement>("[name=role]", row)?.value;
  if (role === undefined) return;
  for (const asked of all("[data-for-role]", row)) asked.hidden = asked.dataset.forRole !== role;
}

/** Who signs in person needs a host, at first oneself; a witness somebody to see, at first the one before. */
function askForRole(row: HTMLElement, at: number): void {
  showForRole(row);
  const asked = all("[data-for-role]", row).filter((each) => !each.hidden);
  const details = one<HTMLDetailsElement>("details", row);
  if (!asked.length || !details) return;
  details.open = true;
  const host = one<HTMLSelectElement>("[name=host]", row);
  const seen = one<HTMLInputElement>("[name=witness_of]", row);
  if (host && !host.value && !host.closest("[hidden]")) host.value = one<HTMLOptionElement>("[data-me]", host)?.value ?? "";
  if (seen && !seen.value && !seen.closest("[hidden]") && at > 0) seen.value = String(at);
}

/** People the sender knows, below the name that is typed; who is chosen brings their address. */
function propose(input: HTMLInputElement, address: string): void {
  if ("proposes" in input.dataset) return;
  input.dataset.proposes = "";
  const list = input.parentElement && one("[role=listbox]", input.parentElement);
  const row = input.closest("[data-line]");
  if (!list || !row) return;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  list.id = `people-${crypto.randomUUID()}`;
  input.setAttribute("aria-controls", list.id);
  const box = lookupBox({
    address,
    label: input.getAttribute("aria-label") ?? "",
    input,
    list,
    free: true,
    choose: (found) => {
      input.value = found?.title ?? "";
      const email = one<HTMLInputElement>("[type=email]", row);
      if (email && found?.subtitle) email.value = found.subtitle;
      email?.focus();
    },
  });
  input.addEventListener("click", () => box.search());
  input.addEventListener("blur", () => box.close());
}
