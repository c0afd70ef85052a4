// The records this person looked at last, kept on this device for the palette and the home page.
import { el, icon, meta } from "./core/dom";
import type { Mount } from "./core/mount";

export interface Recent { url: string; title: string; label: string; icon: string }

const MOST = 30;
const key = (): string => `dw:recent:${meta("person")}`;

export function recents(): Recent[] {
  try {
    return (JSON.parse(localStorage.getItem(key()) ?? "[]") as Recent[]).filter((each) => each.url !== location.pathname);
  } catch {
    return [];
  }
}

export function remember(seen: Recent): void {
  const others = recents().filter((each) => each.url !== seen.url);
  localStorage.setItem(key(), JSON.stringify([seen, ...others].slice(0, MOST)));
}

/** A list of the recent records; the element keeps its own words where there are none. */
export const mount: Mount = (element) => {
  const seen = recents().slice(0, Number(element.dataset.count ?? 8));
  if (!seen.length) return;
  const list = el("ul", { class: "link-list" });
  for (const each of seen) {
    list.append(el("li", {}, el("a", { class: "link-row", href: each.url }, icon(each.icon), el("span", { class: "truncate grow" }, each.title), el("span", { class: "muted small" }, each.label))));
  }
  element.replaceChildren(list);
};
