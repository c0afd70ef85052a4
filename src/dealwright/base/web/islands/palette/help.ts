// The sheet that shows every key that works on this page.
import { dialog } from "../core/dialogs";
import { el } from "../core/dom";
import { allShortcuts, keyLabel, shortcutsOn } from "../core/keys";
import { t } from "../core/words";

export function openHelp(): void {
  const groups = new Map<string, HTMLElement>();
  for (const each of allShortcuts()) {
    let list = groups.get(each.group);
    if (!list) groups.set(each.group, (list = el("dl", { class: "keys" })));
    list.append(el("div", {}, el("dt", {}, each.label), el("dd", {}, el("kbd", {}, keyLabel(each.keys)))));
  }
  const content = el("div", { class: "keys-groups" });
  for (const [name, list] of groups) content.append(el("section", {}, el("h3", {}, name), list));
  const note = el("p", { class: "muted small" }, shortcutsOn() ? "" : t("Single keys are switched off."), " ", el("a", { href: "/settings/profile" }, t("Change in your profile")));
  dialog(t("Keyboard shortcuts"), el("div", { class: "stack" }, content, note), { wide: true });
}
