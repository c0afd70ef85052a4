// Which columns a list shows, and in which order: ticks, and rows that move by grip or Alt-arrow.
import { all, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { announce } from "../core/toast";
import { t } from "../core/words";

export const mount: Mount = (element) => {
  const list = one(".field-list", element);
  if (!list) return;
  let dragged: HTMLElement | undefined;
  list.addEventListener("pointerdown", (event) => {
    const grip = (event.target as Element).closest(".grip");
    const row = (event.target as Element).closest<HTMLElement>(".check");
    if (!grip || !row) return;
    event.preventDefault();
    dragged = row;
    row.classList.add("dragging");
    list.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>(".check");
    if (!over || over === dragged || !list.contains(over)) return;
    const after = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
    over[after ? "after" : "before"](dragged);
  });
  const drop = (): void => {
    dragged?.classList.remove("dragging");
    dragged = undefined;
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
  list.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = (event.target as Element).closest<HTMLElement>(".check");
    if (!row) return;
    event.preventDefault();
    if (event.key === "ArrowUp") row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    one("input", row)?.focus();
    announce(t("Moved to place {place}", { place: all(".check", list).indexOf(row) + 1 }));
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const columns = all<HTMLInputElement>("input:checked", list).map((tick) => tick.value);
    const url = new URL(location.href);
    if (columns.length) url.searchParams.set("columns", columns.join(","));
    else url.searchParams.delete("columns");
    location.assign(url);
  });
};
