// Placing without the editor: a click on a page says where, a form what.
import { all, one } from "../core/dom";

/** The sender's preview: a click on a page places the field that the form describes. */
export function place(element: HTMLElement): void {
  const form = one<HTMLFormElement>("[data-place-form]", element);
  if (!form) return;
  for (const page of all("[data-place-page]", element)) {
    page.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest(".envelope-field")) return;
      const box = page.getBoundingClientRect();
      const set = (name: string, value: string): void => {
        const input = form.elements.namedItem(name);
        if (input instanceof HTMLInputElement || input instanceof HTMLSelectElement) input.value = value;
      };
      set("page", page.dataset.placePage ?? "");
      set("x", (((event.clientX - box.left) / box.width) * 100).toFixed(2));
      set("y", (((event.clientY - box.top) / box.height) * 100).toFixed(2));
      form.requestSubmit();
    });
  }
}
