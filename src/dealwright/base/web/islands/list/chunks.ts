// More rows as one scrolls, and never more than a hundred in the page: chunks that went far
// out of sight leave a gap of their height and come back by the same address.
import { all, el, one, parse } from "../core/dom";
import { toast } from "../core/toast";
import { t } from "../core/words";
import { fragment } from "../core/write";

const MOST_CHUNKS = 2;

export class Chunks {
  private observer: IntersectionObserver | undefined;
  private busy = false;

  constructor(private readonly root: HTMLElement) {
    this.watch();
  }

  watch(): void {
    this.observer?.disconnect();
    const scroller = one(".grid-scroll", this.root);
    if (!scroller) return;
    this.observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) if (entry.isIntersecting) void this.load(entry.target as HTMLElement);
      },
      { root: scroller, rootMargin: "400px 0px" },
    );
    for (const place of all("[data-next], .chunk-gap", this.root)) this.observer.observe(place);
  }

  stop(): void {
    this.observer?.disconnect();
  }

  private async load(place: HTMLElement): Promise<void> {
    const address = place.dataset.next ?? place.dataset.chunk;
    if (!address || this.busy) return;
    this.busy = true;
    try {
      const fresh = parse(`<table>${await fragment(address)}</table>`);
      const bodies = [...fresh.querySelectorAll("tbody")];
      const chunk = bodies.find((body) => body.dataset.chunk);
      if (!chunk) return;
      // A gap that fills again already has its successor in the page.
      const wanted = place.classList.contains("chunk-gap") ? [chunk] : bodies;
      place.replaceWith(...wanted);
      this.trim(chunk);
    } catch {
      toast({ message: t("No connection: more rows could not be loaded."), tone: "danger" });
    } finally {
      this.busy = false;
      this.watch();
    }
  }

  private trim(newest: HTMLElement): void {
    const chunks = all<HTMLTableSectionElement>("tbody[data-chunk]:not(.chunk-gap)", this.root);
    const at = chunks.indexOf(newest as HTMLTableSectionElement);
    while (chunks.length > MOST_CHUNKS) {
      const far = at > (chunks.length - 1) / 2 ? chunks.shift()! : chunks.pop()!;
      if (far.contains(document.activeElement) || far === newest || far.querySelector("[aria-selected=true]")) continue;
      const gap = el("tbody", { class: "chunk-gap", "data-chunk": far.dataset.chunk ?? "", "aria-hidden": "true" }, el("tr", {}, el("td", { colspan: 99 })));
      const cell = one("td", gap);
      if (cell) cell.style.height = `${far.offsetHeight}px`;
      far.replaceWith(gap);
    }
  }
}
