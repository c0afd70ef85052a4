// A <details> that stays as the person left it, on this device.
import type { Mount } from "./core/mount";

export const mount: Mount = (element) => {
  if (!(element instanceof HTMLDetailsElement)) return;
  const key = `dw:open:${element.dataset.key ?? ""}`;
  const kept = localStorage.getItem(key);
  if (kept !== null && !element.querySelector("[aria-current]")) element.open = kept === "1";
  element.addEventListener("toggle", () => localStorage.setItem(key, element.open ? "1" : "0"));
};
