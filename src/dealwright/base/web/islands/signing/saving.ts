// What the field editor changed and has not saved: sent by itself soon after a change, or, where it
// is held (data-held), when the form that keeps it is submitted.
import { debounce, one } from "../core/dom";
import { t } from "../core/words";
import { optimistically, send } from "../core/write";
import type { Data } from "../core/write";
import type { Field } from "./field";

interface Editing {
  root: HTMLElement;
  address: string;
  fields: () => Map<string, Field>;
  box: (id: string) => HTMLElement | undefined;
  saved: (data: Data) => void;
}

export class Saving {
  private dirty = new Set<string>();
  private gone = new Set<string>();
  private saving: Promise<boolean> | null = null;
  private readonly held: boolean;
  private readonly later = debounce(350, () => void this.save());

  constructor(private readonly editing: Editing) {
    this.held = "held" in editing.root.dataset;
    addEventListener("beforeunload", this.onLeave);
    document.addEventListener("submit", this.onSubmit);
  }

  touch(id: string): void {
    this.dirty.add(id);
    this.gone.delete(id);
  }

  forget(id: string): void {
    this.dirty.delete(id);
    this.gone.add(id);
  }

  soon(): void {
    if (this.held) this.status(t("Not kept yet."));
    else this.later();
  }

  close(): void {
    removeEventListener("beforeunload", this.onLeave);
    document.removeEventListener("submit", this.onSubmit);
  }

  private get isPending(): boolean {
    return this.dirty.size > 0 || this.gone.size > 0;
  }

  private async save(): Promise<boolean> {
    if (this.saving) {
      await this.saving;
      return this.save();
    }
    if (!this.isPending) return true;
    this.saving = this.write();
    const went = await this.saving;
    this.saving = null;
    return went;
  }

  private write(): Promise<boolean> {
    const { fields, box, address, saved } = this.editing;
    const dirty = [...this.dirty];
    const gone = [...this.gone];
    return optimistically({
      record: address,
      show: () => {
        this.dirty.clear();
        this.gone.clear();
        this.status(t("Saving …"));
      },
      write: () => send(address, { put: dirty.flatMap((id) => fields().get(id) ?? []), removed: gone }),
      done: (data) => {
        for (const id of dirty) box(id)?.removeAttribute("aria-invalid");
        const warnings = (data.warnings ?? []) as string[];
        this.status(warnings.length ? warnings.join(" ") : t("Saved."), warnings.length > 0);
        saved(data);
      },
      undo: (problem) => {
        for (const id of dirty) if (fields().has(id)) this.touch(id);
        for (const id of gone) if (!fields().has(id)) this.gone.add(id);
        for (const id of Object.keys(problem.fields)) box(id)?.setAttribute("aria-invalid", "true");
        this.status(t("Not saved: {problem}", { problem: problem.title }), true);
      },
    });
  }

  private status(text: string, problem = false): void {
    const place = one("[data-editor-status]", this.editing.root);
    if (!place) return;
    place.textContent = text;
    place.classList.toggle("field-error", problem);
  }

  /** The form that keeps what was changed waits until it is, and stays where it is refused. */
  private readonly onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("keepsFields" in form.dataset) || !(this.isPending || this.saving)) return;
    event.preventDefault();
    const by = event.submitter;
    void this.save().then((went) => {
      if (went) form.requestSubmit(by instanceof HTMLButtonElement ? by : null);
      else one("[data-editor-status]", this.editing.root)?.scrollIntoView({ block: "center" });
    });
  };

  private readonly onLeave = (event: BeforeUnloadEvent): void => {
    if (this.isPending || this.saving) event.preventDefault();
  };
}
