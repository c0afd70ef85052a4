// Parts of a form that belong to some choices of another field: `data-for-kinds="a b"`. That field
// is called `kind`, or as `data-by` says.
import { all, one } from "./core/dom";
import type { Mount } from "./core/mount";

export const mount: Mount = (element) => {
  const select = one<HTMLSelectElement>(`select[name="${element.dataset.by ?? "kind"}"]`, element);
  if (!select) return;
  const show = (): void => {
    for (const part of all("[data-for-kinds]", element)) part.hidden = !part.dataset.forKinds?.split(" ").includes(select.value);
  };
  select.addEventListener("change", show);
  show();
};
