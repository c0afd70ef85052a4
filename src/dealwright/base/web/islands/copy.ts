// A button that copies what `data-copy` holds.
import type { Mount } from "./core/mount";
import { toast } from "./core/toast";
import { t } from "./core/words";

export const mount: Mount = (element) => {
  element.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(element.dataset.copy ?? "");
      toast({ message: t("Copied.") });
    } catch {
      toast({ message: t("This browser does not let pages copy. Select the text instead."), tone: "danger" });
    }
  });
};
