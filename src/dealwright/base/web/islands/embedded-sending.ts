// Inside another site: tells that site, and nobody else, what happened to the draft.
import type { Mount } from "./core/mount";

export const mount: Mount = (element) => {
  const { origin, event, envelope, said } = element.dataset;
  if (!origin || window.parent === window) return;
  window.parent.postMessage({ source: "dealwright", event, envelope: envelope ?? "", message: said ?? "" }, origin);
};
