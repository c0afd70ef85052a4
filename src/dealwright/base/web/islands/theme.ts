// Light, dark, or as the device: shown at once, kept with the person.
import { all } from "./core/dom";
import type { Mount } from "./core/mount";
import { toast } from "./core/toast";
import { send } from "./core/write";

export const mount: Mount = (element) => {
  element.addEventListener("click", async (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-theme-value]");
    if (!button) return;
    const theme = button.dataset.themeValue ?? "auto";
    const before = document.documentElement.dataset.theme ?? "auto";
    const show = (value: string): void => {
      document.documentElement.dataset.theme = value;
      for (const each of all("[data-theme-value]", element)) each.setAttribute("aria-pressed", String(each.dataset.themeValue === value));
    };
    show(theme);
    const answer = await send("/settings/theme", { theme });
    if (answer.ok) return;
    show(before);
    toast({ message: answer.problem.title, tone: "danger" });
  });
};
