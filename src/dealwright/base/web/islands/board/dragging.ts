// Dragging a card: at once by mouse, after a quarter second's press by touch, so that a
// finger can still scroll.
import { all, one } from "../core/dom";

const LONG_PRESS = 250;
const SLOP = 6; // pixels before a press counts as a drag
const EDGE = 48; // pixels from the border where the board scrolls by itself

type Drop = (card: HTMLElement, column: HTMLElement, before: Element | null) => void;

export class Dragging {
  private card: HTMLElement | undefined;
  private ghost: HTMLElement | undefined;
  private readonly slot = document.createElement("div");
  private start = { x: 0, y: 0, offsetX: 0, offsetY: 0 };
  private press: ReturnType<typeof setTimeout> | undefined;
  private column: HTMLElement | undefined;
  private before: Element | null = null;
  private scroll = 0;
  private readonly abort = new AbortController();

  constructor(private readonly root: HTMLElement, private readonly drop: Drop) {
    this.slot.className = "board-slot";
    const { signal } = this.abort;
    root.addEventListener("pointerdown", (event) => this.down(event), { signal });
    window.addEventListener("pointermove", (event) => this.move(event), { signal });
    window.addEventListener("pointerup", (event) => this.up(event), { signal });
    window.addEventListener("pointercancel", () => this.end(), { signal });
    window.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.ghost) { event.stopPropagation(); this.end(); } }, { signal, capture: true });
    // Once a card hangs on the finger, the page must not scroll under it.
    root.addEventListener("touchmove", (event) => { if (this.ghost) event.preventDefault(); }, { signal, passive: false });
    root.addEventListener("contextmenu", (event) => { if (this.press || this.ghost) event.preventDefault(); }, { signal });
    root.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
  }

  stop(): void {
    this.end();
    this.abort.abort();
  }

  private down(event: PointerEvent): void {
    const card = (event.target as Element).closest<HTMLElement>(".board-card[data-movable]");
    if (!card || event.button !== 0 || (event.target as Element).closest("button")) return;
    const box = card.getBoundingClientRect();
    this.card = card;
    this.start = { x: event.clientX, y: event.clientY, offsetX: event.clientX - box.left, offsetY: event.clientY - box.top };
    if (event.pointerType !== "mouse") {
      this.press = setTimeout(() => {
        this.press = undefined;
        navigator.vibrate?.(10);
        this.lift();
      }, LONG_PRESS);
    }
  }

  private move(event: PointerEvent): void {
    if (!this.card) return;
    const moved = Math.hypot(event.clientX - this.start.x, event.clientY - this.start.y) > SLOP;
    if (!this.ghost) {
      if (!moved) return;
      if (event.pointerType !== "mouse") return this.press ? this.end() : undefined;
      this.lift();
    }
    this.follow(event.clientX, event.clientY);
  }

  private lift(): void {
    if (!this.card) return;
    const ghost = this.card.cloneNode(true) as HTMLElement;
    ghost.classList.add("board-ghost");
    ghost.removeAttribute("data-id");
    ghost.style.width = `${this.card.offsetWidth}px`;
    document.body.append(ghost);
    document.body.classList.add("dragging");
    this.card.classList.add("moving");
    this.ghost = ghost;
    this.follow(this.start.x, this.start.y);
    const roll = (): void => {
      if (!this.ghost) return;
      if (this.scroll) this.root.scrollLeft += this.scroll;
      requestAnimationFrame(roll);
    };
    requestAnimationFrame(roll);
  }

  private follow(x: number, y: number): void {
    if (!this.ghost) return;
    this.ghost.style.left = `${x - this.start.offsetX}px`;
    this.ghost.style.top = `${y - this.start.offsetY}px`;
    const edge = this.root.getBoundingClientRect();
    this.scroll = x < edge.left + EDGE ? -12 : x > edge.right - EDGE ? 12 : 0;
    const column = document.elementFromPoint(x, y)?.closest<HTMLElement>(".board-column");
    if (this.column !== column) this.column?.classList.remove("drop");
    this.column = column && this.root.contains(column) ? column : undefined;
    if (!this.column) return this.slot.remove();
    this.column.classList.add("drop");
    const cards = all(".board-card:not(.moving)", this.column);
    this.before = cards.find((each) => y < each.getBoundingClientRect().top + each.offsetHeight / 2) ?? null;
    const list = one(".board-cards", this.column);
    list?.insertBefore(this.slot, this.before);
  }

  private up(event: PointerEvent): void {
    if (!this.card) return;
    const { card, column, ghost } = this;
    const before = this.before;
    this.end();
    if (!ghost) return;
    event.preventDefault();
    // The click that follows a drag must not open the card.
    const swallow = (click: MouseEvent): void => { click.preventDefault(); click.stopPropagation(); };
    window.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 50);
    if (column) this.drop(card, column, before);
  }

  private end(): void {
    clearTimeout(this.press);
    this.press = undefined;
    this.ghost?.remove();
    this.slot.remove();
    this.column?.classList.remove("drop");
    this.card?.classList.remove("moving");
    document.body.classList.remove("dragging");
    this.card = this.ghost = this.column = undefined;
    this.scroll = 0;
  }
}
