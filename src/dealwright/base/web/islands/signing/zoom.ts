// How large the pages are: buttons, keys, and a rail to move sideways by mouse. Two fingers zoom
// as everywhere in the browser, fields and all.
import { one } from "../core/dom";
import { keep, kept } from "../core/kept";
import { shortcut } from "../core/keys";
import { announce } from "../core/toast";
import { t } from "../core/words";

const STEPS = [1, 1.25, 1.5, 2, 3, 4];
const KEPT = "dw:page-size";

/** Let the pages be made larger; `changed` is told each time. Returns what undoes it. */
export function startZoom(sheets: HTMLElement, changed: () => void): () => void {
  const group = one("[data-zoom]");
  if (!group) return () => undefined;
  const smaller = one<HTMLButtonElement>("[data-zoom-out]", group);
  const larger = one<HTMLButtonElement>("[data-zoom-in]", group);
  let zoom = 1;

  const show = (wanted: number): void => {
    zoom = wanted;
    const back = keepInView(sheets);
    sheets.style.setProperty("--zoom", String(zoom));
    document.documentElement.toggleAttribute("data-zoomed", zoom > 1);
    // Who has no mouse moves sideways with the arrow keys.
    sheets.tabIndex = zoom > 1 ? 0 : -1;
    const now = one("[data-zoom-now]", group);
    if (now) now.textContent = `${Math.round(zoom * 100)} %`;
    for (const [button, end] of [[smaller, STEPS[0]], [larger, STEPS.at(-1)]] as const) button?.setAttribute("aria-disabled", String(zoom === end));
    back();
    changed();
  };
  const change = (wanted: number | undefined): void => {
    if (wanted === undefined || wanted === zoom) return;
    show(wanted);
    keep(KEPT, String(zoom));
    announce(t("Pages at {percent} %", { percent: Math.round(zoom * 100) }));
  };
  const grow = (): void => change(STEPS.find((step) => step > zoom));
  const shrink = (): void => change(STEPS.findLast((step) => step < zoom));
  const fit = (): void => change(STEPS[0]);

  smaller?.addEventListener("click", shrink);
  larger?.addEventListener("click", grow);
  one("[data-zoom-fit]", group)?.addEventListener("click", fit);
  // Single letters count only where the pages have the focus (WCAG 2.2, 2.1.4).
  const when = (): boolean => sheets.contains(document.activeElement) || group.contains(document.activeElement);
  const keys = { "+": [t("Larger"), grow], "=": ["", grow], "-": [t("Smaller"), shrink], "0": [t("Fit to the width"), fit] } as const;
  const undo = Object.entries(keys).map(([key, [label, run]]) => shortcut({ keys: key, label, group: t("Pages"), run, when }));
  undo.push(startRail(sheets));
  group.hidden = false;
  const before = Number(kept(KEPT));
  show(STEPS.includes(before) ? before : 1);
  return () => undo.forEach((each) => each());
}

/** Remember what stands in the middle of the window; the answer brings it back there. */
function keepInView(sheets: HTMLElement): () => void {
  const middle = innerHeight / 2;
  const across = sheets.getBoundingClientRect().left + sheets.clientWidth / 2;
  // At the top of the first page one goes on from there, with the buttons still at hand.
  const atTop = sheets.getBoundingClientRect().top > 0;
  const page = [...sheets.querySelectorAll<HTMLElement>("[data-page]")].find((each) => each.getBoundingClientRect().bottom > middle);
  if (!page) return () => undefined;
  const before = page.getBoundingClientRect();
  const down = (middle - before.top) / before.height;
  const along = (across - before.left) / before.width;
  return () => {
    const after = page.getBoundingClientRect();
    if (!atTop) scrollBy({ top: after.top + down * after.height - middle, behavior: "instant" });
    const centre = sheets.getBoundingClientRect().left + sheets.clientWidth / 2;
    sheets.scrollLeft += after.left + along * after.width - centre;
  };
}

/** The scroll bar of wide pages, at the foot of the window instead of that of the document. */
function startRail(sheets: HTMLElement): () => void {
  const rail = one("[data-rail]");
  const inner = rail?.firstElementChild;
  if (!rail || !(inner instanceof HTMLElement)) return () => undefined;
  const follow = (): void => {
    rail.scrollLeft = sheets.scrollLeft;
  };
  const lead = (): void => {
    sheets.scrollLeft = rail.scrollLeft;
  };
  const measure = (): void => {
    rail.hidden = sheets.scrollWidth <= sheets.clientWidth;
    inner.style.width = `${sheets.scrollWidth}px`;
    follow();
  };
  sheets.addEventListener("scroll", follow, { passive: true });
  rail.addEventListener("scroll", lead, { passive: true });
  const sizes = new ResizeObserver(measure);
  sizes.observe(sheets);
  for (const page of sheets.querySelectorAll("[data-page]")) sizes.observe(page);
  return () => sizes.disconnect();
}
