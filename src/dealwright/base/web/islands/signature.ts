// The signing ceremony: tells that a person looks, guides from field to field, keeps values as
// they are typed, and takes a signature as strokes (vectors, never pixels).
import { all, one } from "./core/dom";
import type { Mount } from "./core/mount";
import { announce, toast } from "./core/toast";
import { t } from "./core/words";
import { send } from "./core/write";

type Point = [number, number, number];

/** A drawing pad. Both axes in widths of the pad, so a turned phone changes nothing. */
class Pad {
  strokes: Point[][] = [];
  private current: Point[] | null = null;
  private started = 0;
  private ratio = 0.4;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly changed: () => void) {
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"] as const) canvas.addEventListener(name, () => this.up());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  get isEmpty(): boolean {
    return this.strokes.length === 0;
  }

  get data(): { ratio: number; strokes: Point[][] } {
    return { ratio: Number(this.ratio.toFixed(4)), strokes: this.strokes };
  }

  undo(): void {
    this.strokes.pop();
    this.draw();
    this.changed();
  }

  clear(): void {
    this.strokes = [];
    this.canvas.style.aspectRatio = "";
    this.draw();
    this.changed();
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    if (!this.strokes.length) {
      // From the first stroke on the pad keeps its shape, however the window turns.
      const box = this.canvas.getBoundingClientRect();
      this.ratio = box.height / box.width;
      this.canvas.style.aspectRatio = String(box.width / box.height);
      this.started = event.timeStamp;
    }
    this.current = [this.point(event)];
    this.strokes.push(this.current);
    this.draw();
  }

  private move(event: PointerEvent): void {
    if (!this.current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.current.push(this.point(each));
    this.draw();
  }

  private up(): void {
    if (!this.current) return;
    this.current = null;
    this.changed();
  }

  private point(event: PointerEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    const inside = (value: number, most: number): number => Math.max(0, Math.min(most, value));
    return [
      Number(inside((event.clientX - box.left) / box.width, 1).toFixed(4)),
      Number(inside((event.clientY - box.top) / box.width, box.height / box.width).toFixed(4)),
      Math.max(0, Math.round(event.timeStamp - this.started)),
    ];
  }

  private draw(): void {
    const box = this.canvas.getBoundingClientRect();
    const density = devicePixelRatio || 1;
    this.canvas.width = Math.round(box.width * density);
    this.canvas.height = Math.round(box.height * density);
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.scale(box.width * density, box.width * density);
    pen.lineWidth = Math.max(2.2 / box.width, 0.006);
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#16224a";
    for (const stroke of this.strokes) {
      const [first, ...rest] = stroke;
      if (!first) continue;
      pen.beginPath();
      pen.moveTo(first[0], first[1]);
      if (!rest.length) pen.lineTo(first[0] + 0.001, first[1]);
      rest.forEach((point, at) => {
        const next = rest[at + 1] ?? point;
        pen.quadraticCurveTo(point[0], point[1], (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
      });
      pen.stroke();
    }
  }
}

/** The dialog in which one chooses a signature; answers whether one was chosen. */
class Adoption {
  private readonly pad: Pad;
  private way: "draw" | "type" = "draw";
  private decided: ((chosen: boolean) => void) | null = null;

  constructor(private readonly dialog: HTMLDialogElement, private readonly address: string, private readonly kind: string) {
    this.pad = new Pad(one<HTMLCanvasElement>("[data-pad]", dialog)!, () => this.refresh());
    for (const button of all<HTMLButtonElement>("[data-way]", dialog)) {
      button.addEventListener("click", () => this.choose(button.dataset.way as "draw" | "type"));
    }
    one("[data-undo]", dialog)?.addEventListener("click", () => this.pad.undo());
    one("[data-clear]", dialog)?.addEventListener("click", () => this.pad.clear());
    const text = this.text;
    text.addEventListener("input", () => {
      for (const preview of all("[data-preview]", dialog)) preview.textContent = text.value || " ";
      this.refresh();
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter") void this.use();
    });
    one("[data-use]", dialog)?.addEventListener("click", () => void this.use());
    dialog.addEventListener("close", () => this.decide(false));
    this.refresh();
  }

  /** Show it; true once a signature was adopted. */
  open(): Promise<boolean> {
    this.dialog.showModal();
    this.problem("");
    // Without a pointer that draws, typing is the natural way.
    if (matchMedia("(any-pointer: none)").matches) this.choose("type");
    return new Promise((resolve) => (this.decided = resolve));
  }

  private get text(): HTMLInputElement {
    return one<HTMLInputElement>("[data-text]", this.dialog)!;
  }

  private choose(way: "draw" | "type"): void {
    this.way = way;
    for (const button of all("[data-way]", this.dialog)) button.setAttribute("aria-pressed", String(button.dataset.way === way));
    for (const pane of all("[data-pane]", this.dialog)) pane.hidden = pane.dataset.pane !== way;
    if (way === "type") this.text.focus();
    this.problem("");
    this.refresh();
  }

  private refresh(): void {
    const ready = this.way === "draw" ? !this.pad.isEmpty : Boolean(this.text.value.trim());
    one("[data-use]", this.dialog)?.setAttribute("aria-disabled", String(!ready));
  }

  private problem(sentence: string): void {
    const place = one("[data-problem]", this.dialog)!;
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  private async use(): Promise<void> {
    const font = one<HTMLInputElement>("input[type=radio]:checked", this.dialog)?.value;
    if (this.way === "draw" && this.pad.isEmpty) return this.problem(t("Draw your signature in the box, or type your name instead."));
    const body = this.way === "draw" ? { kind: this.kind, strokes: this.pad.data } : { kind: this.kind, text: this.text.value, font };
    const answer = await send(`${this.address}/adopt`, body);
    if (!answer.ok) return this.problem(answer.problem.title);
    const template = one<HTMLTemplateElement>(`template[data-adopted="${this.kind}"]`);
    if (template) template.innerHTML = String(answer.data.ink);
    this.decide(true);
    this.dialog.close();
  }

  private decide(chosen: boolean): void {
    this.decided?.(chosen);
    this.decided = null;
  }
}

function inkOf(kind: string): Node | null {
  const template = one<HTMLTemplateElement>(`template[data-adopted="${kind}"]`);
  return template?.content.firstElementChild ? template.content.cloneNode(true) : null;
}

/** The document page: fields, progress, the way from one to the next. */
function guide(address: string): () => void {
  const fields = all("[data-field]");
  const adoptions = new Map(all<HTMLDialogElement>("dialog[data-adopt]").map((dialog) => [dialog.dataset.adopt ?? "", new Adoption(dialog, address, dialog.dataset.adopt ?? "")]));
  const next = one<HTMLButtonElement>("[data-next]");
  const review = one("[data-review]");

  const isOpen = (field: HTMLElement): boolean => "required" in field.dataset && !("filled" in field.dataset) && field.dataset.kind !== "date_signed";
  const focusable = (field: HTMLElement): HTMLElement => one("input", field) ?? field;

  const refresh = (): void => {
    const required = fields.filter((field) => "required" in field.dataset && field.dataset.kind !== "date_signed");
    const left = required.filter(isOpen);
    const done = one("[data-done]");
    if (done) done.textContent = String(required.length - left.length);
    if (next) next.hidden = left.length === 0;
    if (review) review.hidden = left.length > 0;
  };

  const go = (field: HTMLElement): void => {
    for (const other of fields) delete other.dataset.here;
    field.dataset.here = "";
    field.scrollIntoView({ block: "center" });
    focusable(field).focus({ preventScroll: true });
  };

  const keep = async (field: HTMLElement, value: string): Promise<boolean> => {
    const input = one<HTMLInputElement>("input", field);
    const answer = await send(`${address}/fields/${field.dataset.field}`, { value });
    if (!answer.ok) {
      input?.setAttribute("aria-invalid", "true");
      toast({ message: answer.problem.title, tone: "danger" });
      return false;
    }
    input?.removeAttribute("aria-invalid");
    if (answer.data.filled) field.dataset.filled = "";
    else delete field.dataset.filled;
    refresh();
    return true;
  };

  const press = async (field: HTMLElement): Promise<void> => {
    const kind = field.dataset.kind ?? "";
    const again = "filled" in field.dataset;
    // A press on an empty field puts the known signature there; on a filled one it may be changed.
    if (!inkOf(kind) || again) {
      const chosen = await adoptions.get(kind)?.open();
      if (!chosen) return;
    }
    const ink = inkOf(kind);
    for (const each of fields) {
      if (each.dataset.kind !== kind || (each !== field && !("filled" in each.dataset))) continue;
      one(".sign-field-ink-place", each)?.replaceChildren(...(ink ? [ink.cloneNode(true)] : []));
    }
    if (await keep(field, "on")) {
      announce(kind === "signature" ? t("Signed here.") : t("Initials set."));
      const following = fields.slice(fields.indexOf(field) + 1).find(isOpen) ?? fields.find(isOpen);
      if (following) go(following);
      else review?.focus();
    }
  };

  for (const field of fields) {
    const input = one<HTMLInputElement>("input", field);
    if (input) {
      input.addEventListener("change", () => void keep(field, input.type === "checkbox" ? (input.checked ? "on" : "") : input.value));
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || input.type === "checkbox") return;
        input.blur();
        const following = fields.slice(fields.indexOf(field) + 1).find((each) => each.dataset.kind !== "date_signed");
        if (following) go(following);
      });
    } else if (field instanceof HTMLAnchorElement) {
      field.addEventListener("click", (event) => {
        event.preventDefault();
        void press(field);
      });
      field.addEventListener("keydown", (event) => {
        if (event.key !== " ") return;
        event.preventDefault();
        void press(field);
      });
    }
  }
  next?.addEventListener("click", () => {
    const here = fields.findIndex((field) => field.contains(document.activeElement) || "here" in field.dataset);
    const following = fields.slice(here + 1).find(isOpen) ?? fields.find(isOpen);
    if (following) go(following);
  });
  for (const link of all<HTMLAnchorElement>("[data-goto]")) {
    link.addEventListener("click", (event) => {
      const field = fields.find((each) => each.dataset.field === link.dataset.goto);
      if (!field) return;
      event.preventDefault();
      go(field);
    });
  }

  const sizes = new ResizeObserver((entries) => {
    for (const entry of entries) (entry.target as HTMLElement).style.setProperty("--page-width", `${entry.contentRect.width}px`);
  });
  for (const page of all("[data-page]")) sizes.observe(page);
  refresh();
  const asked = fields.find((field) => `#${field.id}` === location.hash);
  if (asked) go(asked);
  return () => sizes.disconnect();
}

/** The sender's preview: a click on a page places the field that the form describes. */
function place(element: HTMLElement): void {
  const form = one<HTMLFormElement>("[data-place-form]", element);
  if (!form) return;
  for (const page of all("[data-place-page]", element)) {
    page.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest(".envelope-field")) return;
      const box = page.getBoundingClientRect();
      const set = (name: string, value: string): void => {
        const input = form.elements.namedItem(name);
        if (input instanceof HTMLInputElement || input instanceof HTMLSelectElement) input.value = value;
      };
      set("page", page.dataset.placePage ?? "");
      set("x", (((event.clientX - box.left) / box.width) * 100).toFixed(2));
      set("y", (((event.clientY - box.top) / box.height) * 100).toFixed(2));
      form.requestSubmit();
    });
  }
}

export const mount: Mount = (element) => {
  if ("place" in element.dataset) return place(element);
  const address = element.dataset.address ?? "";
  if ("unseen" in element.dataset) {
    const tell = (): void => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", tell);
      void send(`${address}/opened`, {});
    };
    document.addEventListener("visibilitychange", tell);
    tell();
  }
  return one("[data-page]") ? guide(address) : undefined;
};
