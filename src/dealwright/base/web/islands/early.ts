// What somebody does on a page before its script is there is kept, and done when it is. This
// file is small and comes first; core/early-acts.ts does the rest.
import { type EarlyAct, isWaiting } from "./core/early-acts";

const acts: EarlyAct[] = [];
window.dwEarly = { acts, stage: "none" };

/** Buttons that do nothing without a script; the others find their way as in any document,
 * but links wait as well once something was typed: it would be lost. */
const BUTTONS = "[data-command], button[type=button]:not([popovertarget], [commandfor])";
/** Forms that would go past a question, or without what a script adds to them. */
const FORMS = "form[data-confirm], form[hx-get], form[hx-post], [data-island] form, form[data-island]";

function keep(event: Event): void {
  if (!(event.target instanceof Element)) return;
  let target: Element | null = event.target;
  if (event instanceof MouseEvent) {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    target = target.closest(acts.length && !elsewhere ? `${BUTTONS}, a[href]` : BUTTONS);
  }
  if (event.type === "submit" && !event.target.matches(FORMS)) return;
  if (!(target instanceof HTMLElement) || !isWaiting(target)) return;
  event.stopImmediatePropagation(); // an outer island hears of it when the inner one does: once
  if (event.type === "submit" || target.matches("a")) event.preventDefault();
  if (acts.some((each) => each.target === target && each.type === event.type)) return;
  acts.push({ target, type: event.type, at: event.timeStamp, by: event instanceof SubmitEvent ? event.submitter : null });
}

for (const type of ["click", "input", "change", "submit"]) document.addEventListener(type, keep, true);

// Where the script could not be fetched, forms go their way without it.
addEventListener("load", () => {
  if (window.dwEarly?.stage !== "none") return;
  for (const type of ["click", "input", "change", "submit"]) document.removeEventListener(type, keep, true);
  for (const { target, type } of acts) {
    if (type !== "submit" || !(target instanceof HTMLFormElement)) continue;
    if (!target.dataset.confirm || confirm(target.dataset.confirm)) target.submit();
  }
});
