// A record page: next and previous as the list had it, live facts, remembered as recent.
import { all, debounce, one, parse } from "../core/dom";
import { shortcut } from "../core/keys";
import type { Mount } from "../core/mount";
import { t } from "../core/words";
import { fragment } from "../core/write";
import { onLive } from "../live";
import { remember } from "../recent";
import { rememberVisit } from "../offline/visits";
import { readOrder } from "./order";

export const mount: Mount = (root) => {
  const { slug = "", id = "", object = "", title = "", label = "", icon = "circle" } = root.dataset;
  const undo: (() => void)[] = [];
  const group = t("Record");

  remember({ url: location.pathname, title, label, icon });
  rememberVisit();

  const order = readOrder();
  const at = order?.urls.indexOf(location.pathname) ?? -1;
  if (order && at >= 0) {
    const place = one("[data-order]");
    const link = (selector: string, url: string | undefined): void => {
      const found = one<HTMLAnchorElement>(selector);
      if (!found) return;
      if (url) found.href = url + location.search;
      else found.setAttribute("aria-disabled", "true");
    };
    link("[data-previous]", order.urls[at - 1]);
    link("[data-next]", order.urls[at + 1]);
    place?.removeAttribute("hidden");
    const crumb = one<HTMLAnchorElement>("[data-crumb]");
    if (crumb && order.list.startsWith(`/${slug}`)) crumb.href = order.list;
    for (const form of all<HTMLFormElement>(`form[action="/${slug}/${id}/delete"]`)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "next", value: order.list });
      form.append(field);
    }
    const go = (step: number): void => {
      const url = order.urls[at + step];
      if (url) location.assign(url + location.search);
    };
    undo.push(shortcut({ keys: "j", label: t("Next record"), group, run: () => go(1) }), shortcut({ keys: "k", label: t("Previous record"), group, run: () => go(-1) }));
  }
  undo.push(
    shortcut({ keys: "e", label: t("Change the first field"), group, run: () => one("[data-editable]", root)?.click() }),
    shortcut({ keys: "n", label: t("Write a note"), group, when: () => one(".composer textarea", root) !== null, run: () => one("[data-composer] textarea, .composer textarea", root)?.focus() }),
  );

  const refresh = debounce(300, async () => {
    if (document.querySelector(".cell-editor, dialog[open]")) return;
    try {
      const [facts, timeline] = await Promise.all([
        fragment(`/${slug}/${id}/facts`),
        one("#record-timeline", root) && !one("[data-panel]", root) ? fragment(`/${slug}/${id}/timeline`) : Promise.resolve(""),
      ]);
      swap("#record-facts", facts);
      if (timeline) swap("#record-timeline", timeline);
      // Main panels listen for themselves, e.g. hx-trigger="dw:record-changed from:body".
      document.body.dispatchEvent(new CustomEvent("dw:record-changed", { detail: { object, id } }));
    } catch {
      // Gone, or no connection: what is shown stays.
    }
  });
  const swap = (selector: string, html: string): void => {
    const fresh = parse(html).querySelector(selector);
    const old = one(selector, root);
    if (!fresh || !old) return;
    const focused = document.activeElement instanceof HTMLElement && old.contains(document.activeElement) ? document.activeElement.closest<HTMLElement>("[data-field]")?.dataset.field : undefined;
    for (const details of old.querySelectorAll("details")) {
      const twin = fresh.querySelector<HTMLDetailsElement>(`details[data-key="${details.dataset.key}"]`);
      if (twin) twin.open = details.open;
    }
    old.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (focused) one(`[data-field="${focused}"] :is([tabindex], button, a)`, fresh as HTMLElement)?.focus();
  };
  undo.push(onLive((event) => {
    if (event.record_id === id) refresh();
  }));
  // What was written here is shown at once, also where nothing comes live.
  document.body.addEventListener("dw:record-written", refresh);
  undo.push(() => document.body.removeEventListener("dw:record-written", refresh));
  return () => undo.forEach((each) => each());
};
