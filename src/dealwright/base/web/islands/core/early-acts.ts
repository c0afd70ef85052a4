// Does what early.ts kept, once what answers it is there.

export interface EarlyAct {
  target: HTMLElement;
  type: string;
  at: number; // milliseconds, as performance.now()
  by: HTMLElement | null; // the button that submits
}

declare global {
  interface Window {
    // No script yet; the page's own, with its commands; htmx as well. Islands come one by one.
    dwEarly?: { acts: EarlyAct[]; stage: "none" | "script" | "htmx" };
  }
}

const FORGOTTEN = 10_000; // milliseconds: nobody expects a click to work so late

/** Whether what answers here is not there yet. */
export function isWaiting(target: Element): boolean {
  const stage = window.dwEarly?.stage;
  if (stage === "none") return true;
  const answers = target.closest<HTMLElement>("[data-island], [hx-get], [hx-post]");
  if (answers?.dataset.island && !("ready" in answers.dataset)) return true;
  if (answers) return answers.matches("[hx-get], [hx-post]") && stage !== "htmx";
  // The page's own script answers these; anything else an island anywhere may want to hear of.
  if (target.closest("[data-command], [data-opens], [data-dialog], [data-close], [data-confirm]")) return false;
  return document.querySelector("[data-island]:not([data-ready])") !== null;
}

/** Do the acts that something answers now. */
export function doEarlyActs(): void {
  const acts = window.dwEarly?.acts ?? [];
  for (const act of acts.filter((each) => !isWaiting(each.target))) {
    acts.splice(acts.indexOf(act), 1);
    if (!act.target.isConnected) continue;
    if (act.target instanceof HTMLFormElement && act.type === "submit") act.target.requestSubmit(act.by?.isConnected ? act.by : null);
    else if (act.type !== "click") act.target.dispatchEvent(new Event(act.type, { bubbles: true }));
    else if (performance.now() - act.at < FORGOTTEN) act.target.click();
  }
}

/** From now on the page answers by itself. htmx reads the document a moment after it is loaded. */
export function startEarlyActs(): void {
  if (!window.dwEarly) return;
  window.dwEarly.stage = "script";
  setTimeout(() => {
    if (window.dwEarly) window.dwEarly.stage = "htmx";
    doEarlyActs();
  });
}
