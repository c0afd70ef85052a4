// A form field whose value is a record, found by typing.
import { one } from "../core/dom";
import type { Mount } from "../core/mount";
import { lookupBox } from "./lookup";

export const mount: Mount = (element) => {
  const input = one<HTMLInputElement>("[role=combobox]", element);
  const hidden = one<HTMLInputElement>("input[type=hidden]", element);
  const list = one("[role=listbox]", element);
  if (!input || !hidden || !list) return;
  let title = input.value;
  const box = lookupBox({
    address: element.dataset.address ?? "",
    label: input.labels?.[0]?.textContent ?? "",
    input,
    list,
    choose: (found) => {
      title = found?.title ?? "";
      input.value = title;
      hidden.value = found?.id ?? "";
      hidden.dispatchEvent(new Event("change", { bubbles: true }));
    },
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => box.search());
  input.addEventListener("blur", () => {
    box.close();
    // An emptied box clears the value; half a word does not change it.
    if (input.value.trim() === "") {
      title = "";
      if (hidden.value) {
        hidden.value = "";
        hidden.dispatchEvent(new Event("change", { bubbles: true }));
      }
    } else input.value = title;
  });
};
