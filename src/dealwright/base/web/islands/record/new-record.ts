// The form for a new record: hints about duplicates while one types, sent by Ctrl-Enter.
import { all, debounce, meta, one, parse } from "../core/dom";
import { keyLabel } from "../core/keys";
import type { Mount } from "../core/mount";

const isText = (input: HTMLInputElement) => ["text", "email", "url", "tel"].includes(input.type);

export const mount: Mount = (element) => {
  if (!(element instanceof HTMLFormElement)) return;
  const place = one("#duplicate-hints", element);
  const look = debounce(350, async () => {
    const response = await fetch(`/${element.dataset.slug}/duplicates`, {
      method: "POST",
      headers: { "HX-Request": "true", "X-CSRFToken": meta("csrf-token") },
      body: new URLSearchParams(new FormData(element) as unknown as Record<string, string>),
    }).catch(() => undefined);
    if (response?.ok && place) place.replaceChildren(parse(await response.text()));
  });
  element.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && isText(event.target)) look();
  });
  // Who typed before this script was there gets the hints too.
  if (all<HTMLInputElement>("input", element).some((each) => isText(each) && each.value !== each.defaultValue)) look();
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      element.requestSubmit();
    }
  });
  for (const key of all("[data-keys]", element)) key.textContent = keyLabel(key.dataset.keys ?? "");
  if (!element.querySelector("[aria-invalid=true]")) one<HTMLInputElement>("input:not([type=hidden]), select, textarea", element)?.focus();
};
