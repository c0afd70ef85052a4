// The page of one's tasks by keyboard: j and k go through them, Enter opens, x ticks off.
import { all, one } from "../core/dom";
import { shortcut } from "../core/keys";
import type { Mount } from "../core/mount";
import { t } from "../core/words";

export const mount: Mount = (root) => {
  const group = t("Tasks");
  const links = (): HTMLAnchorElement[] => all<HTMLAnchorElement>("a.link-row", root);
  const at = (): number => links().findIndex((link) => link === document.activeElement || link.dataset.current !== undefined);
  const go = (step: number): void => {
    const found = links();
    const place = at();
    const target = found[place < 0 ? (step > 0 ? 0 : found.length - 1) : Math.max(0, Math.min(found.length - 1, place + step))];
    for (const link of found) delete link.dataset.current;
    if (!target) return;
    target.dataset.current = "";
    target.focus();
  };
  const tick = (): void => one("button", links()[at()]?.closest("li") ?? document.createElement("li"))?.click();
  const undo = [
    shortcut({ keys: "j", label: t("Next task"), group, run: () => go(1) }),
    shortcut({ keys: "k", label: t("Previous task"), group, run: () => go(-1) }),
    shortcut({ keys: "x", label: t("Tick off"), group, when: () => at() >= 0, run: tick }),
    shortcut({ keys: "n", label: t("Write a task"), group, run: () => one<HTMLInputElement>("#subject")?.focus() }),
  ];
  return () => undo.forEach((each) => each());
};
