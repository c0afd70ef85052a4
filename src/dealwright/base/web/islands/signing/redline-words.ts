// The words of a page, laid over its picture, to choose among them: dragged over, tapped, or by
// keys. A page without words is a picture: there a box is drawn.
import { debounce, el } from "../core/dom";
import { announce } from "../core/toast";
import { t } from "../core/words";
import { getJson } from "../core/write";
import type { Box } from "./field";
import { inside } from "./field";

export interface Word extends Box {
  text: string;
  spaced: boolean;
  line: number;
  rtl: boolean;
}
/** What is chosen on a page: words by number, or a box of a picture. */
export type Chosen = { first: number; last: number } | { box: Box };

const NEAR = 40; // pixels from a word within which it is meant
const NUDGE = 0.005; // of the page, for an arrow key

export class WordLayer {
  readonly layer: HTMLElement;
  words: Word[] | null = null;
  private anchor = -1;
  private head = -1;
  private box: Box | null = null;
  private loading: Promise<void> | null = null;

  constructor(
    readonly page: HTMLElement,
    private readonly address: string,
    private readonly act: { chosen: (layer: WordLayer, done: boolean) => void; go: (layer: WordLayer, by: number) => void; enter: () => void; strike: () => void },
  ) {
    const label = t("Words of {page}", { page: page.getAttribute("aria-label") ?? "" });
    this.layer = el("div", { class: "redline-layer", role: "application", tabindex: -1, "aria-label": label, "aria-describedby": "redline-help", "aria-roledescription": t("words to choose") });
    page.append(this.layer);
    this.layer.addEventListener("keydown", (event) => void this.key(event));
    this.layer.addEventListener("pointerdown", (event) => this.pointer(event));
    this.layer.addEventListener("click", (event) => this.tap(event));
    this.layer.addEventListener("focus", () => void this.load());
  }

  get chosen(): Chosen | null {
    if (this.box) return { box: this.box };
    if (this.anchor < 0) return null;
    return { first: Math.min(this.anchor, this.head), last: Math.max(this.anchor, this.head) };
  }

  get isPicture(): boolean {
    return this.words?.length === 0;
  }

  /** What is chosen, in words. */
  get said(): string {
    const chosen = this.chosen;
    if (!chosen || "box" in chosen || !this.words) return "";
    return this.words.slice(chosen.first, chosen.last + 1).map((word, at) => (at && word.spaced ? " " : "") + word.text).join("");
  }

  /** Fetch the words, once. */
  load(): Promise<void> {
    this.loading ??= getJson<{ words: Word[] }>(this.address).then(
      ({ words }) => {
        this.words = words;
        this.layer.dataset.words = String(words.length);
        if (!words.length) this.layer.setAttribute("aria-roledescription", t("picture of a page"));
      },
      () => {
        this.loading = null;
      },
    );
    return this.loading;
  }

  clear(): void {
    this.anchor = this.head = -1;
    this.box = null;
    this.draw();
  }

  close(): void {
    this.layer.remove();
  }

  // ---- Drawing ----

  private draw(): void {
    this.layer.replaceChildren();
    if (this.box) {
      const box = el("div", { class: "redline-box" }, el("span", { class: "envelope-field-handle", "data-handle": true }));
      place(box, this.box);
      this.layer.append(box);
      return;
    }
    const chosen = this.chosen;
    if (!chosen || "box" in chosen || !this.words) return;
    const lines = new Map<number, Word[]>();
    for (const word of this.words.slice(chosen.first, chosen.last + 1)) lines.set(word.line, [...(lines.get(word.line) ?? []), word]);
    for (const line of lines.values()) {
      const mark = el("div", { class: "redline-chosen" });
      place(mark, around(line));
      this.layer.append(mark);
    }
  }

  private choose(anchor: number, head: number, done: boolean): void {
    this.anchor = anchor;
    this.head = head;
    this.box = null;
    this.draw();
    this.act.chosen(this, done);
    if (done) this.tell();
  }

  private readonly tell = debounce(200, (): void => {
    if (this.said) announce(t("Chosen: {text}", { text: this.said }));
  });

  /** The lowest edge of what is chosen, and its left, in parts of the page. */
  get edge(): { x: number; y: number } {
    if (this.box) return { x: this.box.x, y: this.box.y + this.box.h };
    const chosen = this.chosen;
    if (!chosen || "box" in chosen || !this.words) return { x: 0, y: 0 };
    const words = this.words.slice(chosen.first, chosen.last + 1);
    return { x: Math.min(...words.map((word) => word.x)), y: Math.max(...words.map((word) => word.y + word.h)) };
  }

  // ---- Keys ----

  private async key(event: KeyboardEvent): Promise<void> {
    if (event.ctrlKey || event.metaKey) return;
    const known = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageDown", "PageUp", "Enter", "Delete", "Backspace", "Escape"];
    if (!known.includes(event.key)) return;
    event.preventDefault();
    if (event.key === "PageDown" || event.key === "PageUp") return this.act.go(this, event.key === "PageDown" ? 1 : -1);
    await this.load();
    if (event.key === "Escape") {
      this.clear();
      return this.act.chosen(this, true);
    }
    if (event.key === "Enter" && this.chosen) return this.act.enter();
    if ((event.key === "Delete" || event.key === "Backspace") && this.chosen) return this.act.strike();
    if (this.isPicture) return this.nudge(event);
    const words = this.words ?? [];
    if (!words.length || event.key === "Delete" || event.key === "Backspace") return;
    if (this.head < 0) return this.choose(0, 0, true);
    const head = this.moved(event.key, words);
    this.choose(event.shiftKey ? this.anchor : head, head, true);
  }

  private moved(key: string, words: Word[]): number {
    const here = words[this.head];
    if (!here) return 0;
    const last = words.length - 1;
    const line = (number: number): number[] => words.flatMap((word, at) => (word.line === number ? [at] : []));
    const forward = (key === "ArrowRight") !== here.rtl;
    if (key === "ArrowLeft" || key === "ArrowRight") return Math.min(Math.max(this.head + (forward ? 1 : -1), 0), last);
    if (key === "Home") return line(here.line)[0] ?? this.head;
    if (key === "End") return line(here.line).at(-1) ?? this.head;
    if (key !== "ArrowUp" && key !== "ArrowDown") return this.head;
    const lines = [...new Set(words.map((word) => word.line))];
    const next = lines[lines.indexOf(here.line) + (key === "ArrowDown" ? 1 : -1)];
    if (next === undefined) return this.head;
    const middle = here.x + here.w / 2;
    return line(next).reduce((best, at) => (distance(words[at], middle) < distance(words[best], middle) ? at : best));
  }

  private nudge(event: KeyboardEvent): void {
    const across = { ArrowLeft: -NUDGE, ArrowRight: NUDGE }[event.key] ?? 0;
    const down = { ArrowUp: -NUDGE, ArrowDown: NUDGE }[event.key] ?? 0;
    const box = this.box;
    if (!box) this.setBox({ x: 0.2, y: 0.2, w: 0.6, h: 0.03 }, true);
    else if (event.shiftKey) this.setBox({ ...box, w: Math.max(box.w + across, 0.02), h: Math.max(box.h + down, 0.01) }, true);
    else this.setBox({ ...box, x: box.x + across, y: box.y + down }, true);
  }

  private setBox(box: Box, done: boolean): void {
    this.anchor = this.head = -1;
    this.box = inside(box);
    this.draw();
    this.act.chosen(this, done);
    if (done) this.tellBox();
  }

  private readonly tellBox = debounce(300, (): void => {
    if (this.box) announce(t("A box {left} % from left, {top} % from top", { left: Math.round(this.box.x * 100), top: Math.round(this.box.y * 100) }));
  });

  // ---- Pointer ----

  private at(event: MouseEvent): { x: number; y: number } {
    const sheet = this.layer.getBoundingClientRect();
    return { x: (event.clientX - sheet.left) / sheet.width, y: (event.clientY - sheet.top) / sheet.height };
  }

  private wordAt(event: MouseEvent, near = NEAR): number {
    const { x, y } = this.at(event);
    const sheet = this.layer.getBoundingClientRect();
    let best = -1;
    let least = near;
    (this.words ?? []).forEach((word, at) => {
      const across = Math.max(word.x - x, 0, x - word.x - word.w) * sheet.width;
      const along = Math.max(word.y - y, 0, y - word.y - word.h) * sheet.height;
      const far = Math.hypot(across, along * 2);
      if (far < least) [best, least] = [at, far];
    });
    return best;
  }

  private pointer(event: PointerEvent): void {
    if (event.button !== 0) return;
    const onBox = event.target instanceof Element && event.target.closest(".redline-box");
    if (this.words === null || (event.pointerType === "touch" && !onBox)) return; // a tap is a click
    if (this.isPicture) return this.drag(event, onBox ? (event.target as Element) : null);
    const start = this.wordAt(event);
    event.preventDefault();
    this.layer.focus({ preventScroll: true });
    if (start < 0) {
      this.clear();
      return this.act.chosen(this, true);
    }
    this.layer.setPointerCapture(event.pointerId);
    this.choose(event.shiftKey && this.anchor >= 0 ? this.anchor : start, start, false);
    const move = (to: PointerEvent): void => {
      const word = this.wordAt(to, Infinity);
      if (word >= 0 && word !== this.head) this.choose(this.anchor, word, false);
    };
    this.follow(event, move, () => this.choose(this.anchor, this.head, true));
  }

  private drag(event: PointerEvent, on: Element | null): void {
    event.preventDefault();
    this.layer.focus({ preventScroll: true });
    this.layer.setPointerCapture(event.pointerId);
    const start = this.at(event);
    const before = on && this.box ? { ...this.box } : null;
    const resizes = Boolean(on?.closest("[data-handle]"));
    const move = (to: PointerEvent): void => {
      const here = this.at(to);
      const [across, down] = [here.x - start.x, here.y - start.y];
      if (before && resizes) this.setBox({ ...before, w: Math.max(before.w + across, 0.02), h: Math.max(before.h + down, 0.01) }, false);
      else if (before) this.setBox({ ...before, x: before.x + across, y: before.y + down }, false);
      else if (Math.abs(across) > 0.01) this.setBox({ x: Math.min(start.x, here.x), y: Math.min(start.y, here.y), w: Math.abs(across), h: Math.max(Math.abs(down), 0.01) }, false);
    };
    this.follow(event, move, () => this.act.chosen(this, true));
  }

  private follow(event: PointerEvent, move: (to: PointerEvent) => void, done: () => void): void {
    const end = (): void => {
      this.layer.removeEventListener("pointermove", move);
      this.layer.removeEventListener("pointerup", end);
      this.layer.removeEventListener("pointercancel", end);
      done();
    };
    this.layer.addEventListener("pointermove", move);
    this.layer.addEventListener("pointerup", end);
    this.layer.addEventListener("pointercancel", end);
    void event;
  }

  /** A finger taps the first word and then the last; scrolling stays the browser's. */
  private tap(event: MouseEvent): void {
    if (!(event instanceof PointerEvent) || event.pointerType !== "touch") return;
    void this.load().then(() => {
      if (event.target instanceof Element && event.target.closest(".redline-box")) return;
      if (this.isPicture) {
        const { x, y } = this.at(event);
        return this.setBox({ x: x - 0.2, y: y - 0.015, w: 0.4, h: 0.03 }, true);
      }
      const word = this.wordAt(event);
      if (word < 0) {
        this.clear();
        return this.act.chosen(this, true);
      }
      const chosen = this.chosen;
      const within = chosen && !("box" in chosen) && word >= chosen.first && word <= chosen.last;
      this.choose(chosen && !within ? this.anchor : word, word, true);
    });
  }
}

/** Put an element where a box of the page lies. */
export function place(element: HTMLElement, box: Box): void {
  element.style.left = `${box.x * 100}%`;
  element.style.top = `${box.y * 100}%`;
  element.style.width = `${box.w * 100}%`;
  element.style.height = `${box.h * 100}%`;
}

function around(words: Word[]): Box {
  const x = Math.min(...words.map((word) => word.x));
  const y = Math.min(...words.map((word) => word.y));
  const right = Math.max(...words.map((word) => word.x + word.w));
  const bottom = Math.max(...words.map((word) => word.y + word.h));
  return { x, y, w: right - x, h: bottom - y };
}

function distance(word: Word | undefined, middle: number): number {
  return word ? Math.abs(word.x + word.w / 2 - middle) : Infinity;
}
