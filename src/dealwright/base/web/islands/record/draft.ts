// What one typed into a form stays on this device until it is sent: it survives a closed tab,
// a crash and a sign-out.
import { debounce, el, meta, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { t } from "../core/words";

export const mount: Mount = (element) => {
  if (!(element instanceof HTMLFormElement)) return;
  const key = `dw:draft:${meta("person")}:${element.dataset.key ?? location.pathname}`;
  const read = (): Record<string, string> => {
    const kept: Record<string, string> = {};
    for (const [name, value] of new FormData(element)) if (typeof value === "string" && value && name !== "csrfmiddlewaretoken" && name !== "dialog") kept[name] = value;
    return kept;
  };
  const fresh = JSON.stringify(read());
  const kept = localStorage.getItem(key);
  if (kept && kept !== fresh && !element.querySelector("[aria-invalid=true]")) {
    const values = JSON.parse(kept) as Record<string, string>;
    for (const [name, value] of Object.entries(values)) {
      const field = element.elements.namedItem(name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = true;
      else if ((field instanceof HTMLInputElement && field.type !== "hidden") || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) {
        if (!field.value) field.value = value;
      }
    }
    const drop = el("button", { type: "button", class: "btn btn-quiet btn-small" }, t("Start afresh"));
    const note = el("p", { class: "draft-note row" }, t("Your draft is back."), drop);
    drop.addEventListener("click", () => {
      localStorage.removeItem(key);
      element.reset();
      note.remove();
    });
    element.prepend(note);
  }
  const save = debounce(2_000, () => {
    if (!element.isConnected) return; // sent meanwhile, and replaced by a fresh form
    const now = JSON.stringify(read());
    if (now === fresh) localStorage.removeItem(key);
    else localStorage.setItem(key, now);
  });
  element.addEventListener("input", save);
  const forget = (): void => localStorage.removeItem(key);
  element.addEventListener("submit", () => setTimeout(() => {
    // A refused form comes back with its errors and keeps the draft.
    if (!one("[aria-invalid=true]", element)) forget();
  }, 0));
};
