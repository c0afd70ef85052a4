// The board: cards move between columns by mouse, by touch after a long press, or by keys.
import { all, debounce, el, icon, one, parse, placeNear } from "../core/dom";
import { shortcut } from "../core/keys";
import type { Mount } from "../core/mount";
import { announce, toast } from "../core/toast";
import { t } from "../core/words";
import { fragment, getJson, optimistically, send, type Answer, type Data, type Problem } from "../core/write";
import { rememberUndo } from "../everywhere";
import { readFields } from "../list/fields";
import { onLive } from "../live";
import { rememberOrder } from "../record/order";
import { Dragging } from "./dragging";

interface Sum { key: string; count: string; sum: string }

export const mount: Mount = (root) => {
  const { slug = "", object = "", field = "" } = root.dataset;
  const fields = readFields(object);
  const undo: (() => void)[] = [];
  const columns = (): HTMLElement[] => all(".board-column", root);
  const columnOf = (card: Element): HTMLElement => card.closest(".board-column") as HTMLElement;
  const listOf = (column: Element): HTMLElement => one(".board-cards", column) as HTMLElement;

  const sums = debounce(150, async () => {
    const { columns: fresh } = await getJson<{ columns: Sum[] }>(`/${slug}/board/sums${location.search}`).catch(() => ({ columns: [] as Sum[] }));
    for (const each of fresh) {
      const column = columns().find((found) => found.dataset.key === each.key);
      if (!column) continue;
      const count = one(".board-count", column);
      const sum = one(".board-sum", column);
      if (count) count.textContent = each.count;
      if (sum) sum.textContent = each.sum;
    }
  });

  /** The element that stands for a card now: a fresh one may have taken its place. */
  const shown = (card: HTMLElement): HTMLElement => one<HTMLElement>(`[data-id="${CSS.escape(card.dataset.id ?? "")}"]`, root) ?? card;

  const move = async (card: HTMLElement, column: HTMLElement, before: Element | null, values: Data = {}): Promise<void> => {
    const from = columnOf(card);
    if (from === column) return;
    const next = card.nextElementSibling;
    const write = (more: Data = {}): Promise<Answer> =>
      send(`/${slug}/${card.dataset.id}/cells`, { values: { [field]: column.dataset.key, ...values, ...more }, version: Number(shown(card).dataset.version) }, { keep: `${card.dataset.title}: ${column.dataset.label}` });
    const back = (): void => {
      listOf(from).insertBefore(card, next?.isConnected ? next : null);
      card.classList.remove("saving");
    };
    const landed = async (data: Data, queued = false): Promise<void> => {
      card.classList.remove("saving");
      // The next move may come before the fresh card does.
      if (typeof data.version === "number") shown(card).dataset.version = String(data.version);
      announce(t("{card} moved to {column}", { card: card.dataset.title ?? "", column: column.dataset.label ?? "" }));
      if (queued) return toast({ message: t("Will be sent when the connection is back.") });
      rememberUndo(data.undo);
      await refresh(card.dataset.id ?? "");
      sums();
    };
    await optimistically({
      record: card.dataset.id ?? "",
      show: () => {
        listOf(column).insertBefore(card, before);
        card.classList.add("saving");
      },
      write,
      done: (data, queued) => void landed(data, queued),
      undo: (problem: Problem) => {
        const missing = Object.keys(problem.fields).filter((key) => key !== field && fields.has(key));
        if (problem.status === 422 && missing.length) {
          void import("../record/ask-fields").then(({ askFields }) =>
            askFields({ fields, keys: missing, intro: problem.title, values: {}, send: (more) => write(more), done: (data) => void landed(data), cancelled: back }));
          return;
        }
        back();
        card.focus();
        if (problem.code === "version_conflict") void refresh(card.dataset.id ?? "");
        toast({ message: Object.values(problem.fields).flat().join(" ") || problem.title, tone: "danger" });
      },
    });
  };

  /** The card as the server shows it now, in the column where it belongs. */
  const refresh = async (id: string): Promise<void> => {
    const old = one(`[data-id="${CSS.escape(id)}"]`, root);
    if (old?.matches(".moving, .saving") || document.querySelector("dialog[open]")) return;
    try {
      const fresh = parse(await fragment(`/${slug}/${id}/card${location.search}`)).querySelector<HTMLElement>(".board-card");
      if (!fresh) return old?.remove();
      const column = columns().find((each) => each.dataset.key === fresh.dataset.column);
      const hadFocus = old !== null && old.contains(document.activeElement);
      if (old && column && columnOf(old) === column) old.replaceWith(fresh);
      else {
        old?.remove();
        if (column) listOf(column).prepend(fresh);
      }
      if (hadFocus) fresh.focus();
    } catch {
      old?.remove();
    }
  };

  const dragging = new Dragging(root, (card, column, before) => void move(card, column, before));

  // ---- The menu that moves by keys: also for whoever cannot drag (WCAG 2.5.7) ----
  const moveMenu = (card: HTMLElement, anchor: Element): void => {
    const menu = el("div", { class: "menu", popover: "auto", role: "menu", "aria-label": t("Move to") });
    menu.append(el("p", { class: "menu-heading" }, t("Move to")));
    for (const column of columns()) {
      const here = column === columnOf(card);
      const item = el("button", { type: "button", class: "menu-item", role: "menuitem", "aria-current": here ? "true" : null }, icon(here ? "check" : "arrow-right"), column.dataset.label ?? "");
      item.addEventListener("click", () => {
        menu.hidePopover();
        void move(card, column, listOf(column).firstElementChild).then(() => (one(`[data-id="${CSS.escape(card.dataset.id ?? "")}"]`, root) ?? card).focus());
      });
      menu.append(item);
    }
    document.body.append(menu);
    menu.showPopover();
    placeNear(menu, anchor);
    one("button", menu)?.focus();
    menu.addEventListener("toggle", (event) => {
      if ((event as ToggleEvent).newState === "closed") menu.remove();
    });
  };

  // ---- Keys ----
  const current = (): HTMLElement | null => (document.activeElement instanceof HTMLElement && root.contains(document.activeElement) ? document.activeElement.closest<HTMLElement>(".board-card") : null);
  const step = (card: HTMLElement | null, x: number, y: number): void => {
    if (!card) return one(".board-card", root)?.focus();
    const list = columns();
    const cards = all(".board-card", columnOf(card));
    if (y) return cards[cards.indexOf(card) + y]?.focus();
    for (let at = list.indexOf(columnOf(card)) + x; at >= 0 && at < list.length; at += x) {
      const others = all(".board-card", list[at]);
      const next = others[Math.min(cards.indexOf(card), others.length - 1)];
      if (next) return next.focus();
    }
  };
  const group = t("Board");
  const bind = (keys: string, label: string, run: () => void): void => void undo.push(shortcut({ keys, label, group, run }));
  bind("j", t("Next card"), () => step(current(), 0, 1));
  bind("k", t("Previous card"), () => step(current(), 0, -1));
  bind("m", t("Move the card"), () => {
    const card = current();
    if (card) moveMenu(card, card);
  });
  root.addEventListener("keydown", (event) => {
    const card = current();
    if (!card || event.target !== card || event.ctrlKey || event.metaKey || event.altKey) return;
    const rtl = document.documentElement.dir === "rtl" ? -1 : 1;
    const keys: Record<string, () => void> = {
      ArrowDown: () => step(card, 0, 1), ArrowUp: () => step(card, 0, -1),
      ArrowRight: () => (event.shiftKey ? shift(card, rtl) : step(card, rtl, 0)), ArrowLeft: () => (event.shiftKey ? shift(card, -rtl) : step(card, -rtl, 0)),
      Enter: () => one<HTMLAnchorElement>("a", card)?.click(), " ": () => moveMenu(card, card),
    };
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });
  const shift = (card: HTMLElement, x: number): void => {
    const list = columns();
    const target = list[list.indexOf(columnOf(card)) + x];
    if (target) void move(card, target, listOf(target).firstElementChild).then(() => card.focus());
  };

  root.addEventListener("click", async (event) => {
    const target = event.target as Element;
    const mover = target.closest(".board-move");
    if (mover) {
      event.preventDefault();
      return moveMenu(mover.closest(".board-card") as HTMLElement, mover);
    }
    const link = target.closest("a.board-title");
    if (link) return rememberOrder(all<HTMLAnchorElement>("a.board-title", columnOf(link)).map((each) => each.pathname), location.pathname + location.search);
    const more = target.closest<HTMLElement>(".board-more");
    if (more?.dataset.next) {
      event.preventDefault();
      more.replaceWith(parse(await fragment(more.dataset.next)));
    }
  });

  const waiting = new Set<string>();
  const refreshSoon = debounce(250, () => {
    for (const id of waiting) void refresh(id);
    waiting.clear();
    sums();
  });
  undo.push(onLive((event) => {
    if (event.object !== object) return;
    waiting.add(event.record_id);
    refreshSoon();
  }));
  undo.push(() => dragging.stop());
  if (root.dataset.sums === "later") sums();
  return () => undo.forEach((each) => each());
};
