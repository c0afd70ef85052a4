// The grid of a planning scenario: an amount that is typed is written at once, and all sums come
// back with it. Arrows and Enter move along a column, Escape takes back what was typed; branches
// fold away.
import { all, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { announce, toast } from "../core/toast";
import { send } from "../core/write";

export const mount: Mount = (grid) => {
  const body = one("[data-body]", grid);
  const table = one("table", grid);
  const reason = one<HTMLInputElement>("[data-reason]", grid);
  if (!body || !table) return;
  const folded = new Set<string>();
  let writing = Promise.resolve();

  const fold = (): void => {
    let below = Infinity; // rows deeper than this are hidden
    for (const row of all("tr[data-row]", body)) {
      const depth = Number(row.dataset.depth);
      if (depth <= below) below = Infinity;
      row.hidden = depth > below;
      const isFolded = folded.has(row.dataset.row ?? "");
      one("[data-fold]", row)?.setAttribute("aria-expanded", String(!isFolded));
      if (isFolded && depth < below) below = depth;
    }
  };

  const write = async (input: HTMLInputElement): Promise<void> => {
    const row = input.closest<HTMLElement>("tr[data-row]")?.dataset.row ?? "";
    table.setAttribute("aria-busy", "true");
    const answer = await send(grid.dataset.address ?? "", {
      row, field: input.dataset.cell, value: input.value, reason: reason?.value ?? "", under: grid.dataset.under ?? "",
    });
    table.removeAttribute("aria-busy");
    if (!answer.ok) {
      input.setAttribute("aria-invalid", "true");
      toast({ message: Object.values(answer.problem.fields).flat().join(" ") || answer.problem.title, tone: "danger" });
      return;
    }
    if (reason) reason.value = "";
    show(String(answer.data.html ?? ""));
  };

  /** The rows anew; whoever is in a cell, perhaps typing already, stays there. */
  const show = (html: string): void => {
    const active = document.activeElement;
    const typed = active instanceof HTMLInputElement && body.contains(active) ? active : null;
    const kept = typed && typed.value !== typed.defaultValue ? typed.value : null;
    body.innerHTML = html;
    fold();
    const again = typed ? document.getElementById(typed.id) : null;
    if (again instanceof HTMLInputElement) {
      if (kept !== null) {
        again.value = kept;
        again.dataset.kept = ""; // no change is told of what a script put there
      }
      again.focus();
      if (kept === null) again.select();
    }
    const whole = one("tr[data-row] [data-label]:last-child", body)?.textContent.trim();
    if (whole) announce(whole);
  };

  const move = (input: HTMLInputElement, step: number): void => {
    const column = all<HTMLInputElement>(`tr:not([hidden]) [data-cell="${input.dataset.cell}"]`, body);
    const next = column[column.indexOf(input) + step];
    next?.focus();
    next?.select();
  };

  const changed = (event: Event): void => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.dataset.cell) writing = writing.then(() => write(input));
  };
  const left = (event: FocusEvent): void => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.isConnected && "kept" in input.dataset && input.value !== input.defaultValue) changed(event);
  };
  const pressed = (event: KeyboardEvent): void => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.dataset.cell || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, Enter: event.shiftKey ? -1 : 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") input.value = input.defaultValue;
    else if (step === undefined) return;
    else move(input, step);
    event.preventDefault();
    // At the end of a column the cell keeps the focus, and is written all the same.
    if (step !== undefined && document.activeElement === input) input.blur();
  };
  const clicked = (event: MouseEvent): void => {
    if (!(event.target instanceof Element)) return;
    const key = event.target.closest<HTMLElement>("[data-fold]")?.dataset.fold;
    if (!key) return;
    if (!folded.delete(key)) folded.add(key);
    fold();
  };
  body.addEventListener("change", changed);
  body.addEventListener("focusout", left);
  body.addEventListener("keydown", pressed);
  body.addEventListener("click", clicked);
};
