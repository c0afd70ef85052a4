// A small form that is sent as soon as a choice is made.
import type { Mount } from "./core/mount";

export const mount: Mount = (element) => {
  element.addEventListener("change", () => element instanceof HTMLFormElement && element.requestSubmit());
};
