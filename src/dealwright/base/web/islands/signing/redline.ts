// The tool "Redline" beside the pages of a draft: words are struck out, replaced, or text is
// inserted. What is there is drawn by the server into the pictures of the pages, as it is sent.
import { all, el, icon, isTyping, one, parse } from "../core/dom";
import type { Mount } from "../core/mount";
import { announce, toast } from "../core/toast";
import { t } from "../core/words";
import type { Answer, Data } from "../core/write";
import { send } from "../core/write";
import { freshId } from "./field";
import { askForText } from "./redline-dialog";
import { place, WordLayer } from "./redline-words";

interface Redline {
  id: string;
  document: string;
  page: number;
  number: number;
  kind: "strike" | "insertion" | "replacement";
  boxes: [number, number, number, number][];
  place: [number, number, number, number] | null;
  inserted: string;
  note: string;
  said: string;
}
type Step = () => Promise<Answer>;

class Redlining {
  private readonly preview: HTMLElement;
  private readonly pages: HTMLElement[];
  private readonly mode: HTMLButtonElement | null;
  private redlines: Redline[];
  private layers: WordLayer[] = [];
  private active: WordLayer | null = null;
  private readonly bar: HTMLElement;
  private history: Step[] = [];
  private readonly near = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) void this.layers.find((each) => each.page === target)?.load();
  });

  constructor(private readonly root: HTMLElement, private readonly address: string) {
    this.preview = root.closest<HTMLElement>(".envelope-preview") ?? document.body;
    this.pages = all("[data-editor-page]", this.preview);
    this.redlines = JSON.parse(one("[data-redlines]", root)?.textContent ?? "[]") as Redline[];
    this.mode = one<HTMLButtonElement>("[data-redline-mode]", root);
    this.bar = this.makeBar();
    for (const shown of all("[data-redline-only]", root)) shown.hidden = false;
    this.mode?.addEventListener("click", () => this.toggle(!this.isOn));
    one("[data-redline-undo]", root)?.addEventListener("click", () => void this.undo());
    root.addEventListener("click", this.onList);
    document.addEventListener("keydown", this.onUndo);
    this.prepareList();
    this.drawMarks();
  }

  private get isOn(): boolean {
    return "redlining" in this.preview.dataset;
  }

  close(): void {
    document.removeEventListener("keydown", this.onUndo);
    this.toggle(false);
    this.near.disconnect();
  }

  // ---- On and off ----

  private toggle(on: boolean): void {
    if (on === this.isOn) return;
    this.mode?.setAttribute("aria-pressed", String(on));
    for (const field of all(".envelope-field", this.preview)) field.inert = on;
    if (on) {
      this.preview.dataset.redlining = "";
      const act = {
        chosen: (layer: WordLayer, done: boolean) => this.chosen(layer, done),
        go: (layer: WordLayer, by: number) => this.go(layer, by),
        enter: () => one("button", this.bar)?.focus(),
        strike: () => void this.strike(),
      };
      this.layers = this.pages.map((page) => new WordLayer(page, this.wordsOf(page), act));
      for (const page of this.pages) this.near.observe(page);
      this.rove(this.layers[0] ?? null);
      announce(t("Redlining is on. Choose words on the pages."));
    } else {
      delete this.preview.dataset.redlining;
      this.near.disconnect();
      this.bar.remove();
      for (const layer of this.layers) layer.close();
      this.layers = [];
      this.active = null;
    }
    this.drawMarks();
  }

  private wordsOf(page: HTMLElement): string {
    const [document, number] = (page.dataset.editorPage ?? "").split(":");
    return `${this.address.replace(/\/redlines$/, "")}/words/${document}/${number}`;
  }

  // One layer is in the order of Tab; Page Up and Page Down go from one to the next.
  private rove(to: WordLayer | null): void {
    for (const layer of this.layers) layer.layer.tabIndex = layer === to ? 0 : -1;
  }

  private go(layer: WordLayer, by: number): void {
    const next = this.layers[this.layers.indexOf(layer) + by];
    if (!next) return;
    this.rove(next);
    next.layer.focus();
    next.page.scrollIntoView({ block: "start" });
  }

  // ---- Choosing ----

  private chosen(layer: WordLayer, done: boolean): void {
    if (this.active && this.active !== layer) this.active.clear();
    this.active = layer.chosen ? layer : null;
    this.rove(layer);
    if (!layer.chosen || !done) {
      this.bar.remove();
      return;
    }
    const { x, y } = layer.edge;
    this.bar.dataset.picture = String(layer.isPicture);
    layer.page.append(this.bar);
    this.bar.style.top = `min(calc(${y * 100}% + 6px), calc(100% - ${this.bar.offsetHeight}px))`;
    this.bar.style.left = `clamp(0px, ${x * 100}%, calc(100% - ${this.bar.offsetWidth}px))`;
  }

  private makeBar(): HTMLElement {
    const button = (label: string, run: () => void, kind = ""): HTMLButtonElement => {
      const made = el("button", { type: "button", class: `btn btn-small ${kind}` }, label);
      made.addEventListener("click", run);
      return made;
    };
    const leave = el("button", { type: "button", class: "btn btn-small btn-icon btn-quiet", "aria-label": t("Choose nothing") }, icon("x"));
    leave.addEventListener("click", () => this.leave());
    const bar = el(
      "div",
      { class: "redline-bar", role: "toolbar", "aria-label": t("What to do with the words") },
      button(t("Strike out"), () => void this.strike(), "btn-danger"),
      button(t("Replace by …"), () => this.replace()),
      button(t("Insert here …"), () => this.insert()),
      leave,
    );
    bar.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
      const buttons = all<HTMLButtonElement>("button", bar);
      const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by) buttons[(at + by + buttons.length) % buttons.length]?.focus();
    });
    return bar;
  }

  private leave(): void {
    const layer = this.active;
    layer?.clear();
    this.active = null;
    this.bar.remove();
    layer?.layer.focus({ preventScroll: true });
  }

  // ---- Doing ----

  /** What is chosen, as the server takes it. */
  private get what(): Data | null {
    const layer = this.active;
    const chosen = layer?.chosen;
    if (!layer || !chosen) return null;
    const [document, page] = (layer.page.dataset.editorPage ?? "").split(":");
    const words = "box" in chosen ? { box: [chosen.box.x, chosen.box.y, chosen.box.w, chosen.box.h] } : chosen;
    return { id: freshId(), document, page: Number(page), ...words };
  }

  private async strike(): Promise<void> {
    const what = this.what;
    if (!what) return;
    const answer = await this.add({ ...what, strikes: true });
    if (answer.ok) this.leave();
    else this.refused(answer);
  }

  private replace(): void {
    const what = this.what;
    if (!what) return;
    askForText({
      title: t("Replace by"),
      quoted: this.active?.said ?? "",
      required: true,
      keep: ({ inserted, note }) => this.add({ ...what, strikes: true, inserted, note }),
      kept: () => this.leave(),
    });
  }

  private insert(): void {
    const what = this.what;
    if (!what) return;
    askForText({
      title: t("Insert"),
      quoted: this.active?.said ?? "",
      required: true,
      sides: !this.active?.isPicture,
      keep: (given) => this.add({ ...what, strikes: false, ...given }),
      kept: () => this.leave(),
    });
  }

  private change(redline: Redline): void {
    const before = { inserted: redline.inserted, note: redline.note };
    askForText({
      title: t("Change redline {number}", { number: redline.number }),
      quoted: redline.said,
      inserted: redline.inserted,
      note: redline.note,
      required: redline.kind === "insertion",
      keep: async ({ inserted, note }) => {
        const answer = await this.put({ change: redline.id, inserted, note });
        if (answer.ok) this.history.push(() => this.put({ change: redline.id, ...before }));
        return answer;
      },
      kept: () => (one(`[data-redline-mark="${redline.id}"]`, this.preview) ?? one(`[data-redline-change="${redline.id}"]`, this.root))?.focus(),
    });
  }

  private async add(what: Data): Promise<Answer> {
    const answer = await this.put(what);
    if (answer.ok) this.history.push(() => this.take(String(answer.data.id)));
    return answer;
  }

  private async remove(id: string): Promise<void> {
    const answer = await this.take(id);
    if (!answer.ok) return this.refused(answer);
    const again = answer.data.again as Data;
    this.history.push(() => this.put(again));
    announce(t("The words stand as they were."));
  }

  private async undo(): Promise<void> {
    const step = this.history.pop();
    if (!step) return announce(t("There is nothing to undo."));
    const answer = await step();
    if (answer.ok) announce(t("Undone."));
    else this.refused(answer);
  }

  private put(what: Data): Promise<Answer> {
    return this.write("put", what);
  }

  private take(id: string): Promise<Answer> {
    return this.write(`${id}/remove`, {});
  }

  private async write(door: string, what: Data): Promise<Answer> {
    this.status(t("Saving …"));
    const answer = await send(`${this.address}/${door}`, what);
    if (answer.ok) this.show(answer.data);
    this.status(answer.ok ? t("Saved.") : "");
    return answer;
  }

  private refused(answer: Answer): void {
    if (answer.ok) return;
    this.status(t("Not saved: {problem}", { problem: answer.problem.title }));
    toast({ message: answer.problem.title, tone: "danger" });
  }

  private status(text: string): void {
    const line = one("[data-redline-status]", this.root);
    if (line) line.textContent = text;
  }

  // ---- Showing ----

  private show(data: Data): void {
    this.redlines = data.redlines as Redline[];
    const list = one("[data-redline-list]", this.root);
    list?.replaceChildren(parse(String(data.list)));
    this.prepareList();
    const looks = data.looks as Record<string, string>;
    for (const page of this.pages) {
      const picture = one<HTMLImageElement>("img", page);
      const look = looks[(page.dataset.editorPage ?? "").split(":")[0] ?? ""] ?? "";
      if (!picture) continue;
      const address = new URL(picture.src, location.href);
      if (address.searchParams.get("look") === look) continue;
      address.searchParams.set("look", look);
      picture.src = address.href;
    }
    this.drawMarks();
    if (data.said) announce(String(data.said));
  }

  /** Each redline can be pressed on its page while the tool is on. */
  private drawMarks(): void {
    for (const old of all(".redline-mark", this.preview)) old.remove();
    if (!this.isOn) return;
    for (const redline of this.redlines) {
      const page = this.pages.find((each) => each.dataset.editorPage === `${redline.document}:${redline.page}`);
      const layer = this.layers.find((each) => each.page === page);
      if (!page || !layer) continue;
      [redline.place, ...redline.boxes].forEach((box, at) => {
        if (!box) return;
        const name = t("Redline {number}: {said}", { number: redline.number, said: redline.said });
        const mark = at === (redline.place ? 0 : 1) ? el("button", { type: "button", class: "redline-mark", "data-redline-mark": redline.id, "aria-label": name, title: name }) : el("div", { class: "redline-mark", title: name });
        place(mark, { x: box[0], y: box[1], w: box[2], h: box[3] });
        mark.addEventListener("click", () => this.change(redline));
        page.append(mark);
      });
    }
  }

  private prepareList(): void {
    for (const button of all("[data-redline-change]", this.root)) button.hidden = false;
  }

  private readonly onList = (event: MouseEvent): void => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-redline-change], [data-redline-remove]") : null;
    if (!button) return;
    event.preventDefault();
    const redline = this.redlines.find((each) => each.id === (button.dataset.redlineChange ?? button.dataset.redlineRemove));
    if (!redline) return;
    if (button.dataset.redlineChange) this.change(redline);
    else void this.remove(redline.id).then(() => this.mode?.focus());
  };

  private readonly onUndo = (event: KeyboardEvent): void => {
    if (!this.isOn || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isTyping(event.target)) return;
    event.preventDefault();
    void this.undo();
  };
}

export const mount: Mount = (element) => {
  const redlining = new Redlining(element, element.dataset.address ?? "");
  return () => redlining.close();
};
