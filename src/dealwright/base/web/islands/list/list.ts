// A list of records: rows by keyboard, selection, editing in cells, more rows as one scrolls.
import { all, debounce, el, isTyping, one, parse } from "../core/dom";
import { command } from "../core/commands";
import { shortcut } from "../core/keys";
import type { Mount } from "../core/mount";
import { announce } from "../core/toast";
import { t } from "../core/words";
import { fragment } from "../core/write";
import { onLive } from "../live";
import { rememberOrder } from "../record/order";
import { BulkBar } from "./bulk";
import { Cells } from "./cells";
import { Chunks } from "./chunks";
import { readFields } from "./fields";
import { Peek } from "./peek";

const phone = matchMedia("(max-width: 640px)");

export const mount: Mount = (root) => {
  const slug = root.dataset.slug ?? "";
  const object = root.dataset.object ?? "";
  const label = root.dataset.label ?? "";
  const fields = readFields(object);
  const undo: (() => void)[] = [];
  const peek = new Peek();
  const cells = new Cells(root, slug, fields, () => undefined);
  const bulk = new BulkBar(root, slug, fields, () => cells.columns());
  const chunks = new Chunks(root);

  const rows = (): HTMLTableRowElement[] => cells.rows();
  const current = (): HTMLTableRowElement | undefined => {
    const focused = document.activeElement?.closest("tr[data-id]");
    return focused instanceof HTMLTableRowElement && root.contains(focused) ? focused : one<HTMLTableRowElement>("tr.peeked", root) ?? undefined;
  };
  const go = (step: number): void => {
    const list = rows();
    const from = current();
    const next = from ? list[list.indexOf(from) + step] : step > 0 ? list[0] : list.at(-1);
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    if (peek.isOpen) void peek.show(next);
  };
  const open = (row: HTMLTableRowElement | undefined): void => {
    if (!row?.dataset.url) return;
    rememberOrder(rows().map((each) => each.dataset.url ?? ""), location.pathname + location.search);
    location.assign(row.dataset.url);
  };

  // ---- Keys ----
  const group = t("Lists");
  const inList = (): boolean => root.isConnected && !peekHasFocus();
  const peekHasFocus = (): boolean => Boolean(document.activeElement?.closest("#peek"));
  const bind = (keys: string, text: string, run: () => void): void => {
    undo.push(shortcut({ keys, label: text, group, run, when: inList }));
  };
  bind("j", t("Next row"), () => go(1));
  bind("k", t("Previous row"), () => go(-1));
  bind("/", t("Search this list"), () => one<HTMLInputElement>("[data-list-search]", root)?.focus());
  bind("x", t("Select the row"), () => bulk.toggle(current()));
  bind("f", t("Filter"), () => one("[data-filter-open]", root)?.click());
  undo.push(
    shortcut({ keys: "enter", label: t("Open the row, or edit the cell"), group, run: () => open(current()), when: () => inList() && document.activeElement instanceof HTMLTableRowElement }),
    shortcut({ keys: " ", label: t("Peek at the row"), group, run: () => peek.toggle(current()), when: () => inList() && document.activeElement instanceof HTMLTableRowElement }),
    shortcut({ keys: "escape", label: t("Close the side panel, clear the selection"), group, always: true, when: () => (peek.isOpen || bulk.count > 0) && !document.querySelector("dialog[open], .cell-editor"), run: () => (peek.isOpen ? peek.close() : bulk.clear()) }),
    command({ id: "select-all-rows", label: t("Select all rows of this list"), icon: "icon:list-checks", run: () => bulk.selectAll(true) }),
  );

  root.addEventListener("keydown", (event) => {
    if (event.isComposing || isTyping(event.target) || !(event.target instanceof HTMLElement)) return;
    if (event.target.dataset.field) {
      if (cells.key(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
      return;
    }
    if (!(event.target instanceof HTMLTableRowElement)) return;
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(1),
      ArrowUp: () => go(-1),
      Home: () => rows()[0]?.focus(),
      End: () => rows().at(-1)?.focus(),
      ArrowRight: () => void cells.focus(one("td[data-field]", event.target as HTMLElement)),
      F2: () => void cells.focus(one("td[data-field]", event.target as HTMLElement)),
    };
    const run = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!run) return;
    event.preventDefault();
    if (event.shiftKey && event.key.startsWith("Arrow")) bulk.set(current(), true);
    run();
    if (event.shiftKey && event.key.startsWith("Arrow")) bulk.set(current(), true);
  });

  // ---- Mouse ----
  root.addEventListener("click", (event) => {
    const target = event.target as Element;
    const tick = target.closest<HTMLInputElement>("tbody .grid-check input");
    if (tick) return bulk.clicked(tick, event.shiftKey);
    if (target.closest("thead .grid-check input")) return bulk.selectAll((target as HTMLInputElement).checked);
    const link = target.closest<HTMLAnchorElement>("a.record-link");
    if (link) {
      rememberOrder(rows().map((each) => each.dataset.url ?? ""), location.pathname + location.search);
      return;
    }
    // A finger opens the row anywhere, and selects it anywhere on its left edge.
    const edge = target.closest("tbody .grid-check")?.closest("tr");
    if (edge) return bulk.toggle(edge);
    const cell = target.closest<HTMLTableCellElement>("td[data-field]");
    if (phone.matches && !target.closest("a, button")) {
      const row = target.closest<HTMLTableRowElement>("tr[data-id]") ?? undefined;
      return bulk.count > 0 ? bulk.toggle(row) : open(row);
    }
    if (!cell || target.closest("a, button")) return;
    cells.clearRange();
    const again = document.activeElement === cell;
    cells.focus(cell);
    if (again) cells.edit(cell.parentElement as HTMLTableRowElement, cell);
  });
  root.addEventListener("copy", (event) => cells.copy(event as ClipboardEvent));
  root.addEventListener("paste", (event) => void cells.paste(event as ClipboardEvent));
  one(".grid-scroll", root)?.addEventListener("scroll", (event) => {
    const place = event.currentTarget as HTMLElement;
    place.toggleAttribute("data-scrolled", Math.abs(place.scrollLeft) > 4);
  }, { passive: true });

  // The first row can be reached by Tab; after that the focus moves with j and k.
  const rove = (): void => {
    const list = rows();
    if (list.length && !list.some((row) => row.tabIndex === 0)) list[0]!.tabIndex = 0;
  };
  root.addEventListener("focusin", (event) => {
    const row = (event.target as Element).closest<HTMLTableRowElement>("tr[data-id]");
    if (!row) return;
    for (const each of all<HTMLTableRowElement>("tr[tabindex='0']", root)) each.tabIndex = -1;
    row.tabIndex = 0;
  });
  rove();

  // ---- Search as one types: rows only, the address follows ----
  const search = one<HTMLInputElement>("[data-list-search]", root);
  let looking: AbortController | undefined;
  const look = debounce(120, async () => {
    if (!search) return;
    const url = new URL(location.href);
    const text = search.value.trim();
    if (text) url.searchParams.set("q", text);
    else url.searchParams.delete("q");
    looking?.abort();
    looking = new AbortController();
    try {
      const html = await fragment(url.pathname + url.search, looking.signal);
      history.replaceState(history.state, "", url);
      const fresh = one("[data-part=results]", parse(html) as unknown as ParentNode);
      const old = one("[data-part=results]", root);
      if (!fresh || !old) return;
      old.replaceWith(fresh);
      window.htmx?.process(fresh);
      bulk.clear();
      chunks.watch();
      rove();
      announce(t("{count} rows", { count: rows().length }));
    } catch {
      // A newer search took over, or the connection is gone; the rows stay.
    }
  });
  search?.addEventListener("input", look);
  search?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      rows()[0]?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (search.value) {
        search.value = "";
        look();
      } else search.blur();
    }
  });

  // ---- What others change ----
  const refresh = async (id: string): Promise<void> => {
    const row = one<HTMLTableRowElement>(`tr[data-id="${CSS.escape(id)}"]`, root);
    if (!row || document.querySelector(".cell-editor")) return;
    try {
      cells.replace(row, await fragment(`/${slug}/${id}/row?columns=${encodeURIComponent(cells.columns())}`));
    } catch {
      row.remove();
    }
  };
  const waiting = new Set<string>();
  const refreshSoon = debounce(250, () => {
    for (const id of waiting) void refresh(id);
    waiting.clear();
  });
  let arrived = 0;
  undo.push(
    onLive((event) => {
      if (event.object !== object) return;
      if (one(`tr[data-id="${CSS.escape(event.record_id)}"]`, root)) {
        waiting.add(event.record_id);
        refreshSoon();
      } else if (event.name === `${object}.created`) {
        arrived += 1;
        let button = one<HTMLButtonElement>(".grid-new", root);
        if (!button) {
          button = el("button", { type: "button", class: "btn btn-primary btn-small grid-new" });
          button.addEventListener("click", () => location.reload());
          one("[data-part=results]", root)?.append(button);
        }
        button.textContent = arrived === 1 ? t("1 new: show") : t("{count} new: show", { count: arrived });
        announce(t("New in {list}", { list: label }));
      }
    }),
  );
  undo.push(() => chunks.stop(), () => peek.close());
  return () => undo.forEach((each) => each());
};
