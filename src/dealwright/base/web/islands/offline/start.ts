// Reading and writing without a connection: needs a secure context, does without elsewhere.
import { meta } from "../core/dom";

export function startOffline(): void {
  if (!meta("person")) return;
  // Fetched while there is a connection: without one it would be too late.
  const idle = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1_000));
  idle(() => void import("./writes").then(async (it) => {
    addEventListener("online", () => void it.sendWaiting());
    if (!(await hasWaiting())) return;
    await it.showWaiting();
    await it.sendWaiting();
  }));
  keepForReading();
}

function keepForReading(): void {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  addEventListener("load", () => {
    void navigator.serviceWorker.register("/service-worker.js").then((registration) => {
      registration.active?.postMessage({ type: "person", person: meta("person") });
    }).catch(() => undefined);
  });
  // What was kept belongs to the person who signs out.
  document.addEventListener("submit", (event) => {
    if (event.target instanceof HTMLFormElement && event.target.getAttribute("action")?.includes("/logout")) {
      navigator.serviceWorker.controller?.postMessage({ type: "forget" });
      localStorage.removeItem(`dw:recent:${meta("person")}`);
    }
  });
}

async function hasWaiting(): Promise<boolean> {
  const names = await indexedDB.databases?.().catch(() => []);
  return names?.some((each) => each.name === "dealwright") ?? true;
}
