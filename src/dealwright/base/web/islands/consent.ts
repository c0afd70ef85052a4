// A public page's question whether the browser may be remembered. Whoever has told the browser
// not to be tracked is not asked.
import type { Mount } from "./core/mount";

type Tracking = { dealwright?: { consent: () => void } };
type Refusing = { globalPrivacyControl?: boolean };

export const mount: Mount = (element) => {
  const refused = (navigator as Refusing).globalPrivacyControl || navigator.doNotTrack === "1";
  if (refused || !navigator.cookieEnabled) return;
  element.hidden = false;
  element.querySelector("button")?.addEventListener("click", () => {
    (window as Tracking).dealwright?.consent();
    element.setAttribute("role", "status");
    element.textContent = element.dataset.thanks ?? "";
  });
};
