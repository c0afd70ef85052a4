// The pages of the documents: sharp pictures at any size, and their text over them, for those that
// are near; pages that are far away are light again.
import { all, debounce, one } from "../core/dom";
import { TextLayers } from "./text-layers";
import { startZoom } from "./zoom";

// In heights of the window, above and below it.
const NEAR = 1.5;

/** Starts when the page is painted and the browser has time; returns what undoes it. */
export function view(sheets: HTMLElement): () => void {
  const near = new Set<HTMLElement>();
  const texts = savesData() || !measures() ? null : new TextLayers(sheets.dataset.worker ?? "", sheets.dataset.cmaps ?? "");
  const usual = new WeakMap<HTMLImageElement, string>();

  // The browser takes the picture that is large enough for this width and this screen.
  const sharpen = (page: HTMLElement): void => {
    const picture = one<HTMLImageElement>("img", page);
    if (!picture) return;
    if (!usual.has(picture)) usual.set(picture, picture.sizes);
    const closer = (visualViewport?.scale ?? 1) * Number(sheets.style.getPropertyValue("--zoom") || 1);
    const sizes = near.has(page) && closer > 1 ? `${Math.ceil(page.clientWidth * (visualViewport?.scale ?? 1))}px` : (usual.get(picture) ?? "");
    if (picture.sizes !== sizes) picture.sizes = sizes;
  };
  const sharpenNear = debounce(150, () => near.forEach(sharpen));

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const page = target as HTMLElement;
        if (isIntersecting) near.add(page);
        else near.delete(page);
        sharpen(page);
        if (isIntersecting) texts?.show(page);
        else texts?.release(page);
      }
    },
    { root: document, rootMargin: `${NEAR * 100}% 0px` },
  );
  const stopZoom = startZoom(sheets, sharpenNear);
  const begin = (): void => {
    for (const page of all("[data-page]", sheets)) observer.observe(page);
  };
  const whenIdle = (): unknown => ("requestIdleCallback" in window ? requestIdleCallback(begin, { timeout: 2_000 }) : setTimeout(begin, 200));
  if (document.readyState === "complete") whenIdle();
  else addEventListener("load", whenIdle, { once: true });
  visualViewport?.addEventListener("resize", sharpenNear);
  return () => {
    removeEventListener("load", whenIdle);
    visualViewport?.removeEventListener("resize", sharpenNear);
    observer.disconnect();
    stopZoom();
    texts?.stop();
  };
}

/** Whether the person asked the browser to load as little as it can. */
function savesData(): boolean {
  return (navigator as Navigator & { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

/** Whether the width of letters can be told, for which pdf.js asks a canvas; some browsers give none. */
function measures(): boolean {
  return document.createElement("canvas").getContext("2d") !== null;
}
