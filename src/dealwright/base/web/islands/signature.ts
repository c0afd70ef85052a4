// The signing ceremony: tells that a person looks, and guides through the document.
import { one } from "./core/dom";
import type { Mount } from "./core/mount";
import { send } from "./core/write";
import { guide } from "./signing/guide";

export const mount: Mount = (element) => {
  const address = element.dataset.address ?? "";
  if ("unseen" in element.dataset) {
    const tell = (): void => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", tell);
      void send(`${address}/opened`, {});
    };
    document.addEventListener("visibilitychange", tell);
    tell();
  }
  return one("[data-page]") ? guide(address) : undefined;
};
