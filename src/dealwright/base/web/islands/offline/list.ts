// The page shown without a connection lists the records that can still be read.
import { el, icon } from "../core/dom";
import type { Mount } from "../core/mount";
import { recents } from "../recent";

export const mount: Mount = (element) => {
  void (async () => {
    const kept = new Set<string>();
    for (const name of await caches.keys()) {
      if (!name.startsWith("records-")) continue;
      for (const request of await (await caches.open(name)).keys()) kept.add(new URL(request.url).pathname);
    }
    const list = el("ul", { class: "link-list" });
    for (const each of recents()) {
      if (kept.has(each.url)) list.append(el("li", {}, el("a", { class: "link-row", href: each.url }, icon(each.icon), el("span", { class: "grow truncate" }, each.title), el("span", { class: "muted small" }, each.label))));
    }
    if (list.childElementCount) element.replaceChildren(list);
  })();
};
