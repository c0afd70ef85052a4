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

function isReady(target: Element): boolean {
  if (window.dwEarly?.stage !== "htmx") return false;
  const island = target.closest<HTMLElement>("[data-island]");
  return !island || "ready" in island.dataset;
}

/** Do the acts that something answers now. */
export function doEarlyActs(): void {
  const acts = window.dwEarly?.acts ?? [];
  for (const act of acts.filter((each) => isReady(each.target))) {
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
