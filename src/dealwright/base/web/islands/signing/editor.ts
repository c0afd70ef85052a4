// Placing fields on the pages of a document: by mouse, touch and keys, for envelopes and
// templates alike. Boxes are fractions of the visible page; every change saves itself.
import { all, debounce, isTyping, one } from "../core/dom";
import type { Mount } from "../core/mount";
import { announce } from "../core/toast";
import { t } from "../core/words";
import { covers, freeBelow, freshId, inside, LEAST, sizeOf, snapped, withoutGuides } from "./field";
import type { Box, Field, Setup } from "./field";
import { callPanel, fillPanel, showPanel, valuesOf } from "./properties";
import { Saving } from "./saving";
import { listenForStamps, noteStamps, withSameStamp } from "./stamp";

const STEP = 1; // points, for an arrow key
const LEAP = 10; // with Alt
class Editor {
  private readonly setup: Setup;
  private readonly pages: HTMLElement[];
  private fields = new Map<string, Field>();
  private boxes = new Map<string, HTMLElement>();
  private selected = "";
  private readonly saving: Saving;
  private history: string[] = [];

  constructor(private readonly root: HTMLElement, address: string) {
    this.setup = JSON.parse(one("[data-editor-setup]", root)?.textContent ?? "{}") as Setup;
    this.pages = all("[data-editor-page]", root);
    for (const old of all(".envelope-field:not([data-fixed])", root)) old.remove();
    for (const hidden of all("[data-without-script]", root)) {
      hidden.hidden = true;
      if (hidden instanceof HTMLFieldSetElement) hidden.disabled = true; // what it holds is not sent
    }
    for (const shown of all("[data-with-script]", root)) shown.hidden = false;
    for (const field of this.setup.fields) this.fields.set(field.id, field);
    this.saving = new Saving({
      root,
      address,
      fields: () => this.fields,
      box: (id) => this.boxes.get(id),
      saved: (data) => {
        noteStamps(this.fields, data.files);
        if (this.current) fillPanel(this.root, this.current, this.titleOf(this.current));
        const without = one("[data-without-place]", this.root);
        if (without) without.hidden = !((data.without_place ?? []) as string[]).length;
      },
    });
    this.drawAll();
    this.listen();
    this.select("");
  }

  // ---- Drawing ----

  private drawAll(): void {
    for (const box of this.boxes.values()) box.remove();
    this.boxes.clear();
    for (const field of this.ordered()) this.draw(field);
    this.rove();
  }

  private draw(field: Field): void {
    const page = this.pageOf(field);
    if (!page) return;
    let box = this.boxes.get(field.id);
    if (!box) {
      box = document.createElement("div");
      box.className = "envelope-field";
      box.tabIndex = -1;
      box.dataset.editorField = field.id;
      box.setAttribute("role", "button");
      const name = document.createElement("span");
      name.className = "truncate";
      const handle = document.createElement("span");
      handle.className = "envelope-field-handle";
      handle.dataset.handle = "";
      box.append(name, handle);
      this.boxes.set(field.id, box);
    }
    if (box.parentElement !== page) page.append(box);
    const owner = this.setup.owners.find((each) => each.id === field.owner);
    box.dataset.tint = String(owner?.tint ?? 0);
    box.style.left = `${field.x * 100}%`;
    box.style.top = `${field.y * 100}%`;
    box.style.width = `${field.w * 100}%`;
    box.style.height = `${field.h * 100}%`;
    const title = this.titleOf(field);
    const face = box.firstElementChild;
    if (face) face.textContent = `${title} · ${owner?.name ?? ""}`;
    box.title = `${title} · ${owner?.name ?? ""}`;
    box.setAttribute("aria-label", this.described(field));
    box.setAttribute("aria-pressed", String(field.id === this.selected));
  }

  private titleOf(field: Field): string {
    const name = field.label || this.setup.kinds[field.kind] || field.kind;
    return field.option ? `${name}: ${String(field.option)}` : name;
  }

  private described(field: Field): string {
    const owner = this.setup.owners.find((each) => each.id === field.owner);
    return t("{title}, for {who}, page {page}, {left} % from left, {top} % from top", {
      title: this.titleOf(field),
      who: owner?.name ?? "",
      page: field.page,
      left: Math.round(field.x * 100),
      top: Math.round(field.y * 100),
    });
  }

  private ordered(): Field[] {
    const place = (field: Field): number => this.pages.findIndex((page) => page === this.pageOf(field));
    return [...this.fields.values()].sort((a, b) => place(a) - place(b) || a.y - b.y || a.x - b.x);
  }

  private pageOf(field: Field): HTMLElement | undefined {
    return this.pages.find((page) => page.dataset.editorPage === `${field.document}:${field.page}`);
  }

  // One box is in the order of Tab; Page Up and Page Down go from one to the next.
  private rove(): void {
    const first = this.selected || this.ordered()[0]?.id || "";
    for (const [id, box] of this.boxes) box.tabIndex = id === first ? 0 : -1;
  }

  // ---- Choosing ----

  private select(id: string, focus = false): void {
    const before = this.selected;
    this.selected = this.fields.has(id) ? id : "";
    for (const each of [before, this.selected]) this.boxes.get(each)?.setAttribute("aria-pressed", String(each === this.selected && each !== ""));
    this.rove();
    fillPanel(this.root, this.current, this.current ? this.titleOf(this.current) : "");
    if (this.selected && this.selected !== before) showPanel(this.root);
    if (focus) this.boxes.get(id)?.focus({ preventScroll: false });
  }

  private get current(): Field | undefined {
    return this.fields.get(this.selected);
  }

  // ---- Changing ----

  private remember(): void {
    this.history.push(JSON.stringify([...this.fields.values()]));
    if (this.history.length > 50) this.history.shift();
  }

  private undo(): void {
    const before = this.history.pop();
    if (!before) return;
    const old = new Map((JSON.parse(before) as Field[]).map((field) => [field.id, field]));
    for (const id of this.fields.keys()) if (!old.has(id)) this.saving.forget(id);
    for (const [id, field] of old) {
      if (JSON.stringify(this.fields.get(id)) !== JSON.stringify(field)) this.saving.touch(id);
    }
    this.fields = old;
    this.drawAll();
    this.select(this.selected, true);
    announce(t("Undone."));
    this.saving.soon();
  }

  private put(field: Field): void {
    this.fields.set(field.id, field);
    this.saving.touch(field.id);
    this.draw(field);
    this.saving.soon();
  }

  private change(field: Field, values: Partial<Field>): void {
    Object.assign(field, values);
    this.put(field);
  }

  /** Width and height of a new field of the kind, as parts of the page. */
  private shareOf(kind: string, page: HTMLElement): [number, number] {
    const [width, height] = sizeOf(page);
    const [w, h] = this.setup.sizes[kind] ?? [120, 18];
    return [w / width, h / height];
  }

  /** A new field of the kind with its middle at (x, y) of the page. */
  private add(kind: string, page: HTMLElement, x: number, y: number): void {
    const [w, h] = this.shareOf(kind, page);
    const [document, number] = (page.dataset.editorPage ?? "").split(":");
    const chosen = one<HTMLSelectElement | HTMLInputElement>("select[data-owner], [data-owner]:checked", this.root);
    const owner = chosen?.value ?? this.setup.owners[0]?.id ?? "";
    this.remember();
    const field: Field = {
      ...inside({ x: x - w / 2, y: y - h / 2, w, h }),
      id: freshId(),
      document: document ?? "",
      page: Number(number),
      owner,
      kind,
      label: kind === "radio" ? t("Choice") : "",
      option: kind === "radio" ? t("Option {number}", { number: [...this.fields.values()].filter((each) => each.kind === "radio").length + 1 }) : "",
      options: kind === "dropdown" || kind === "multi_select" ? [t("Option {number}", { number: 1 }), t("Option {number}", { number: 2 })] : [],
      formula: kind === "formula" ? "0" : "",
      required: kind !== "formula",
      read_only: false,
      tab: null,
      help: "",
      value: "",
      condition: "",
      checks: {},
    };
    this.put(field);
    this.select(field.id, true);
    announce(t("Placed: {field}", { field: this.described(field) }));
  }

  private remove(field: Field): void {
    this.remember();
    const order = this.ordered();
    const at = order.indexOf(field);
    this.fields.delete(field.id);
    this.saving.forget(field.id);
    this.boxes.get(field.id)?.remove();
    this.boxes.delete(field.id);
    announce(t("Removed: {title}", { title: this.titleOf(field) }));
    const next = order[at + 1] ?? order[at - 1];
    this.select(next?.id ?? "", Boolean(next));
    this.saving.soon();
  }

  private duplicate(field: Field): void {
    this.remember();
    const copy = withSameStamp({ ...structuredClone(field), id: freshId() }, field);
    Object.assign(copy, inside({ ...copy, y: copy.y + copy.h + 0.008 }));
    this.put(copy);
    this.select(copy.id, true);
    announce(t("Placed: {field}", { field: this.described(copy) }));
  }

  private toAllPages(field: Field): void {
    this.remember();
    let count = 0;
    for (const page of this.pages) {
      const [document, number] = (page.dataset.editorPage ?? "").split(":");
      if (document !== field.document || Number(number) === field.page) continue;
      this.put(withSameStamp({ ...structuredClone(field), id: freshId(), page: Number(number) }, field));
      count += 1;
    }
    announce(t("Copied to {count} pages.", { count }));
  }

  // ---- Keys ----

  private key(event: KeyboardEvent, field: Field): void {
    const page = this.pageOf(field);
    if (!page) return;
    const [width, height] = sizeOf(page);
    const by = event.altKey ? LEAP : STEP;
    const across = { ArrowLeft: -by, ArrowRight: by }[event.key] ?? 0;
    const down = { ArrowUp: -by, ArrowDown: by }[event.key] ?? 0;
    if (across || down) {
      event.preventDefault();
      this.remember();
      const box = event.shiftKey
        ? { ...field, w: Math.max(field.w + across / width, LEAST / width), h: Math.max(field.h + down / height, LEAST / height) }
        : { ...field, x: field.x + across / width, y: field.y + down / height };
      this.change(field, inside(box));
      this.told(field, event.shiftKey);
      return;
    }
    const order = this.ordered();
    const act: Record<string, () => void> = {
      Delete: () => this.remove(field),
      Backspace: () => this.remove(field),
      PageDown: () => this.select(order[order.indexOf(field) + 1]?.id ?? field.id, true),
      PageUp: () => this.select(order[order.indexOf(field) - 1]?.id ?? field.id, true),
      Home: () => this.select(order[0]?.id ?? field.id, true),
      End: () => this.select(order.at(-1)?.id ?? field.id, true),
      Enter: () => one<HTMLInputElement>('[data-property="label"]', this.root)?.focus(),
      Escape: () => this.select(""),
    };
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "d") act[event.key] = () => this.duplicate(field);
    const run = act[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  private readonly told = debounce(400, (field: Field, resized: boolean): void => {
    const page = this.pageOf(field);
    if (!page) return;
    const [width, height] = sizeOf(page);
    announce(
      resized
        ? t("{width} by {height} points", { width: Math.round(field.w * width), height: Math.round(field.h * height) })
        : t("{left} % from left, {top} % from top", { left: Math.round(field.x * 100), top: Math.round(field.y * 100) }),
    );
  });

  // ---- Pointer ----

  private drag(event: PointerEvent, field: Field, resizing: boolean): void {
    const box = this.boxes.get(field.id);
    let page = this.pageOf(field);
    if (!box || !page || event.button !== 0) return;
    event.preventDefault();
    box.setPointerCapture(event.pointerId);
    const start = { x: event.clientX, y: event.clientY, box: { x: field.x, y: field.y, w: field.w, h: field.h } };
    const grip = { x: event.clientX - box.getBoundingClientRect().left, y: event.clientY - box.getBoundingClientRect().top };
    let moved = false;
    const move = (to: PointerEvent): void => {
      if (!page || (!moved && Math.hypot(to.clientX - start.x, to.clientY - start.y) < 4)) return;
      if (!moved) this.remember();
      moved = true;
      const under = resizing ? page : (this.pages.find((each) => covers(each, to)) ?? page);
      const sheet = under.getBoundingClientRect();
      if (under !== page) {
        const [document, number] = (under.dataset.editorPage ?? "").split(":");
        const [oldWidth, oldHeight] = sizeOf(page);
        const [newWidth, newHeight] = sizeOf(under);
        Object.assign(field, { document, page: Number(number), w: (field.w * oldWidth) / newWidth, h: (field.h * oldHeight) / newHeight });
        page = under;
      }
      const next = resizing
        ? { ...start.box, w: Math.max(start.box.w + (to.clientX - start.x) / sheet.width, 0.01), h: Math.max(start.box.h + (to.clientY - start.y) / sheet.height, 0.008) }
        : { w: field.w, h: field.h, x: (to.clientX - grip.x - sheet.left) / sheet.width, y: (to.clientY - grip.y - sheet.top) / sheet.height };
      Object.assign(field, inside(to.altKey ? next : this.drawn(field, next, page, resizing)));
      this.draw(field);
    };
    const end = (): void => {
      box.removeEventListener("pointermove", move);
      withoutGuides(this.root);
      if (moved) {
        this.put(field);
        this.told(field, resizing);
      }
    };
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", end, { once: true });
    box.addEventListener("pointercancel", end, { once: true });
  }

  /** The box drawn to the other fields of its page. */
  private drawn(field: Field, box: Box, page: HTMLElement, resizing: boolean): Box {
    withoutGuides(this.root);
    const others = [...this.fields.values()].filter((each) => each.id !== field.id && each.document === field.document && each.page === field.page);
    return snapped(box, others, page, resizing);
  }

  /** From the palette onto a page; a press without a way puts it on the page in sight. */
  private fromPalette(event: PointerEvent, button: HTMLButtonElement): void {
    if (event.button !== 0) return;
    const kind = button.dataset.palette ?? "";
    const start = { x: event.clientX, y: event.clientY };
    let ghost: HTMLElement | null = null;
    button.setPointerCapture(event.pointerId);
    const move = (to: PointerEvent): void => {
      if (!ghost && Math.hypot(to.clientX - start.x, to.clientY - start.y) < 6) return;
      if (!ghost) {
        ghost = document.createElement("div");
        ghost.className = "envelope-ghost";
        ghost.textContent = this.setup.kinds[kind] ?? kind;
        document.body.append(ghost);
      }
      ghost.style.left = `${to.clientX}px`;
      ghost.style.top = `${to.clientY}px`;
    };
    const end = (to: PointerEvent): void => {
      button.removeEventListener("pointermove", move);
      button.removeEventListener("pointerup", end);
      button.removeEventListener("pointercancel", end);
      if (!ghost) return;
      ghost.remove();
      button.dataset.dragged = "";
      const page = this.pages.find((each) => covers(each, to));
      if (!page || to.type === "pointercancel") return;
      const sheet = page.getBoundingClientRect();
      this.add(kind, page, (to.clientX - sheet.left) / sheet.width, (to.clientY - sheet.top) / sheet.height);
    };
    button.addEventListener("pointermove", move);
    button.addEventListener("pointerup", end);
    button.addEventListener("pointercancel", end);
  }

  private pageInSight(): HTMLElement | undefined {
    const middle = innerHeight / 2;
    const distance = (page: HTMLElement): number => {
      const sheet = page.getBoundingClientRect();
      return sheet.top <= middle && sheet.bottom >= middle ? 0 : Math.min(Math.abs(sheet.top - middle), Math.abs(sheet.bottom - middle));
    };
    return this.pages.reduce<HTMLElement | undefined>((best, page) => (!best || distance(page) < distance(best) ? page : best), undefined);
  }

  private placeInSight(kind: string): void {
    const page = this.pageInSight();
    if (!page) return;
    const sheet = page.getBoundingClientRect();
    const y = Math.min(Math.max((innerHeight / 2 - sheet.top) / sheet.height, 0.1), 0.9);
    const [w, h] = this.shareOf(kind, page);
    const others = [...this.fields.values()].filter((each) => this.pageOf(each) === page);
    const free = freeBelow(inside({ x: 0.5 - w / 2, y: y - h / 2, w, h }), others);
    this.add(kind, page, free.x + w / 2, free.y + h / 2);
  }

  // ---- Properties ----

  private property(input: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement): void {
    const field = this.current;
    if (!field) return;
    this.remember();
    this.change(field, valuesOf(input, field));
    callPanel(this.root, this.titleOf(field));
  }

  private listen(): void {
    const fieldAt = (event: Event): Field | undefined => {
      const box = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-editor-field]") : null;
      return box ? this.fields.get(box.dataset.editorField ?? "") : undefined;
    };
    this.root.addEventListener("pointerdown", (event) => {
      const field = fieldAt(event);
      if (!field) {
        if (event.target instanceof Element && event.target.closest("[data-editor-page]")) this.select("");
        return;
      }
      this.select(field.id, true);
      this.drag(event, field, event.target instanceof Element && Boolean(event.target.closest("[data-handle]")));
    });
    this.root.addEventListener("focusin", (event) => {
      const field = fieldAt(event);
      if (field && field.id !== this.selected) this.select(field.id);
    });
    this.root.addEventListener("keydown", (event) => {
      const field = fieldAt(event);
      if (field) return this.key(event, field);
      if (event.key === "Escape" && this.selected && event.target instanceof Element && event.target.closest("[data-properties]")) this.boxes.get(this.selected)?.focus();
    });
    document.addEventListener("keydown", this.onUndo);
    for (const button of all<HTMLButtonElement>("[data-palette]", this.root)) {
      button.addEventListener("pointerdown", (event) => this.fromPalette(event, button));
      button.addEventListener("click", () => {
        if ("dragged" in button.dataset) delete button.dataset.dragged;
        else this.placeInSight(button.dataset.palette ?? "");
      });
    }
    for (const input of all<HTMLInputElement>("[data-property]", this.root)) input.addEventListener("change", () => this.property(input));
    const act = (name: string, run: (field: Field) => void): void => {
      one(`[data-act="${name}"]`, this.root)?.addEventListener("click", () => {
        const field = this.current;
        if (field) run(field);
      });
    };
    act("duplicate", (field) => this.duplicate(field));
    act("all-pages", (field) => this.toAllPages(field));
    act("remove", (field) => this.remove(field));
    one("[data-act=undo]", this.root)?.addEventListener("click", () => this.undo());
    listenForStamps(this.root, (values) => {
      const field = this.current;
      if (!field) return;
      this.remember();
      this.change(field, values);
      fillPanel(this.root, field, this.titleOf(field));
    });
  }

  private readonly onUndo = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isTyping(event.target)) return;
    if ("redlining" in this.root.dataset) return; // redline.ts undoes its own
    event.preventDefault();
    this.undo();
  };

  close(): void {
    document.removeEventListener("keydown", this.onUndo);
    this.saving.close();
  }
}

export const mount: Mount = (element) => {
  const editor = new Editor(element, element.dataset.address ?? "");
  return () => editor.close();
};
