// Choosing a signature: drawn, typed, or a picture of one.
import { all, one } from "../core/dom";
import { t } from "../core/words";
import { send, sendFile } from "../core/write";
import { Pad } from "./pad";

type Way = "draw" | "type" | "upload";

/** The dialog in which one chooses a signature; answers whether one was chosen. */
export class Adoption {
  private readonly pad: Pad;
  private way: Way = "draw";
  private decided: ((chosen: boolean) => void) | null = null;

  constructor(private readonly dialog: HTMLDialogElement, private readonly address: string, private readonly kind: string) {
    this.pad = new Pad(one<HTMLCanvasElement>("[data-pad]", dialog)!, () => this.refresh());
    for (const button of all<HTMLButtonElement>("[data-way]", dialog)) {
      button.addEventListener("click", () => this.choose(button.dataset.way as Way));
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
    this.picture.addEventListener("change", () => this.refresh());
    if (!Pad.canDraw()) {
      for (const button of all("[data-way=draw]", dialog)) button.hidden = true;
      this.choose("type");
    }
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

  private get picture(): HTMLInputElement {
    return one<HTMLInputElement>("[data-picture]", this.dialog)!;
  }

  private choose(way: Way): void {
    this.way = way;
    for (const button of all("[data-way]", this.dialog)) button.setAttribute("aria-pressed", String(button.dataset.way === way));
    for (const pane of all("[data-pane]", this.dialog)) pane.hidden = pane.dataset.pane !== way;
    if (way === "type") this.text.focus();
    this.problem("");
    this.refresh();
  }

  private refresh(): void {
    const ready = { draw: !this.pad.isEmpty, type: Boolean(this.text.value.trim()), upload: Boolean(this.picture.files?.length) }[this.way];
    one("[data-use]", this.dialog)?.setAttribute("aria-disabled", String(!ready));
  }

  private problem(sentence: string): void {
    const place = one("[data-problem]", this.dialog)!;
    place.textContent = sentence;
    place.hidden = !sentence;
  }

  private async use(): Promise<void> {
    if (this.way === "draw" && this.pad.isEmpty) return this.problem(t("Draw your signature in the box, or type your name instead."));
    const file = this.picture.files?.[0];
    if (this.way === "upload" && !file) return this.problem(t("Choose a picture of your signature first."));
    const answer = this.way === "upload" && file ? await sendFile(`${this.address}/adopt`, { kind: this.kind, picture: file }) : await send(`${this.address}/adopt`, this.body());
    if (!answer.ok) return this.problem(answer.problem.title);
    const template = one<HTMLTemplateElement>(`template[data-adopted="${this.kind}"]`);
    if (template) template.innerHTML = String(answer.data.ink);
    this.decide(true);
    this.dialog.close();
  }

  private body(): Record<string, unknown> {
    const font = one<HTMLInputElement>("input[type=radio]:checked", this.dialog)?.value;
    return this.way === "draw" ? { kind: this.kind, strokes: this.pad.data } : { kind: this.kind, text: this.text.value, font };
  }

  private decide(chosen: boolean): void {
    this.decided?.(chosen);
    this.decided = null;
  }
}

export function inkOf(kind: string): Node | null {
  const template = one<HTMLTemplateElement>(`template[data-adopted="${kind}"]`);
  return template?.content.firstElementChild ? template.content.cloneNode(true) : null;
}
