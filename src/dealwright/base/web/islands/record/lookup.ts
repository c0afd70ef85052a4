// A box that finds records or people by typing.
import { all, debounce, el, one } from "../core/dom";
import { announce } from "../core/toast";
import { t } from "../core/words";
import { getJson } from "../core/write";

export interface Found { id: string; title: string; subtitle?: string }

export interface LookupOptions {
  address: string;
  label: string;
  clearable?: boolean;
  /** What is typed may stand as it is: nothing is marked until an arrow key goes there. */
  free?: boolean;
  choose: (found: Found | null) => void;
  input?: HTMLInputElement;
  list?: HTMLElement;
}

let serial = 0;

export function lookupBox(options: LookupOptions): { element: HTMLElement; input: HTMLInputElement; search: () => void; close: () => void } {
  serial += 1;
  const id = options.list?.id ?? `lookup-${serial}`;
  const list = options.list ?? el("ul", { class: "combobox-list", id, role: "listbox", "aria-label": options.label });
  const input =
    options.input ??
    el("input", { class: "input", type: "text", role: "combobox", "aria-label": options.label, "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", autocomplete: "off", placeholder: t("Type to search") });
  const element = options.input ? (options.input.parentElement as HTMLElement) : el("div", { class: "combobox" }, input, list);
  let shown: (Found | null)[] = [];
  let at = -1;
  let asked: AbortController | undefined;

  const mark = (): void => {
    all("[role=option]", list).forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    input.setAttribute("aria-activedescendant", at >= 0 ? `${id}-${at}` : "");
    one(`#${CSS.escape(`${id}-${at}`)}`, list)?.scrollIntoView({ block: "nearest" });
  };
  const pick = (index: number): void => {
    const found = shown[index];
    if (found === undefined) return;
    close();
    options.choose(found);
  };
  const close = (): void => {
    asked?.abort();
    if (options.list) {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
    }
  };
  const draw = (found: Found[]): void => {
    shown = [...(options.clearable && !input.value.trim() ? [null] : []), ...found];
    at = shown.length && !options.free ? (shown[0] === null && shown.length > 1 ? 1 : 0) : -1;
    list.replaceChildren(
      ...shown.map((each, index) => {
        const option = el("li", { class: "combobox-option", role: "option", id: `${id}-${index}` }, el("span", { class: each ? null : "muted" }, each ? each.title : t("None")), each?.subtitle ? el("small", {}, each.subtitle) : null);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          pick(index);
        });
        return option;
      }),
    );
    if (!shown.length && options.free) return close();
    if (!shown.length) list.append(el("li", { class: "combobox-note" }, t("Nothing found.")));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark();
    announce(t("{count} results", { count: found.length }));
  };
  const search = async (): Promise<void> => {
    asked?.abort();
    const controller = (asked = new AbortController());
    try {
      const address = `${options.address}${options.address.includes("?") ? "&" : "?"}q=${encodeURIComponent(input.value.trim())}`;
      const { results } = await getJson<{ results: Found[] }>(address, controller.signal);
      draw(results);
    } catch {
      if (!controller.signal.aborted) list.replaceChildren(el("li", { class: "combobox-note" }, t("No connection.")));
    }
  };
  input.addEventListener("input", debounce(90, () => void search()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void search();
      at = shown.length ? (Math.max(at, event.key === "ArrowDown" ? -1 : 0) + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length : -1;
      mark();
    } else if (event.key === "Enter" && at >= 0 && !list.hidden) {
      event.preventDefault();
      pick(at);
    } else if (event.key === "Escape" && options.list && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  return { element, input, search: () => void search(), close };
}
