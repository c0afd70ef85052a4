// The document page of a ceremony: fields, progress, the way from one to the next. Values are
// kept as they are typed; which fields apply and what formulas come to, the server says.
import { all, one } from "../core/dom";
import { announce, toast } from "../core/toast";
import { t } from "../core/words";
import { type Answer, send, sendFile } from "../core/write";
import { Adoption, inkOf } from "./adoption";
import { view } from "./viewer";

interface State {
  applies: boolean;
  filled: boolean;
  value: string;
  shown: string;
}
type Control = HTMLInputElement | HTMLSelectElement;

export function guide(address: string): () => void {
  const fields = all("[data-field]");
  const adoptions = new Map(all<HTMLDialogElement>("dialog[data-adopt]").map((dialog) => [dialog.dataset.adopt ?? "", new Adoption(dialog, address, dialog.dataset.adopt ?? "")]));
  const next = one<HTMLButtonElement>("[data-next]");
  const review = one("[data-review]");

  const applies = (field: HTMLElement): boolean => !field.hidden;
  // Of a group of radio buttons the first one stands for all.
  const stands = (field: HTMLElement): boolean => {
    if (field.dataset.kind !== "radio") return true;
    const name = one<HTMLInputElement>("input", field)?.name;
    return fields.find((each) => one<HTMLInputElement>("input[type=radio]", each)?.name === name && applies(each)) === field;
  };
  const isOpen = (field: HTMLElement): boolean => "required" in field.dataset && !("filled" in field.dataset) && applies(field) && stands(field);
  const focusable = (field: HTMLElement): HTMLElement => one<HTMLElement>("summary, select, input", field) ?? field;

  const refresh = (): void => {
    const required = fields.filter((field) => "required" in field.dataset && applies(field) && stands(field));
    const left = required.filter(isOpen);
    const done = one("[data-done]");
    if (done) done.textContent = String(required.length - left.length);
    const total = one("[data-total]");
    if (total) total.textContent = String(required.length);
    if (next) next.hidden = left.length === 0;
    if (review) review.hidden = left.length > 0;
  };

  const go = (field: HTMLElement): void => {
    for (const other of fields) delete other.dataset.here;
    field.dataset.here = "";
    field.scrollIntoView({ block: "center" });
    focusable(field).focus({ preventScroll: true });
  };

  const mark = (field: HTMLElement, filled: boolean): void => {
    if (filled) field.dataset.filled = "";
    else delete field.dataset.filled;
  };

  const take = (states: Record<string, State>): void => {
    for (const field of fields) {
      const state = states[field.dataset.field ?? ""];
      if (!state) continue;
      if (field.hidden === state.applies) {
        field.hidden = !state.applies;
        if (state.applies) announce(t("A field was added: {name}", { name: focusable(field).getAttribute("aria-label") ?? "" }));
      }
      const listed = one(`[data-listed="${field.dataset.field}"]`);
      if (listed) listed.hidden = !state.applies;
      mark(field, state.filled);
      const output = one("output", field);
      if (output && output.textContent !== state.shown) output.textContent = state.shown;
      if (field.dataset.option !== undefined) {
        const input = one<HTMLInputElement>("input", field);
        if (input) input.checked = state.value === field.dataset.option;
      }
    }
  };

  const say = (field: HTMLElement, problem: string): void => {
    const control = focusable(field);
    const id = `problem-${field.dataset.field}`;
    document.getElementById(id)?.remove();
    control.toggleAttribute("aria-invalid", Boolean(problem));
    if (!problem) return control.removeAttribute("aria-errormessage");
    const place = document.createElement("span");
    place.id = id;
    place.className = "sr-only";
    place.textContent = problem;
    field.after(place);
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", id);
    toast({ message: problem, tone: "danger" });
  };

  const kept = (field: HTMLElement, answer: Answer): boolean => {
    say(field, answer.ok ? "" : answer.problem.title);
    if (!answer.ok) return false;
    mark(field, Boolean(answer.data.filled));
    take((answer.data.states ?? {}) as Record<string, State>);
    refresh();
    return true;
  };

  // One after the other: an older answer must not undo what a newer one showed.
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = (field: HTMLElement, write: () => Promise<Answer>): Promise<boolean> => {
    const done = before.then(write).then((answer) => kept(field, answer));
    before = done.catch(() => undefined);
    return done;
  };

  const keep = (field: HTMLElement, value: string): Promise<boolean> => inTurn(field, () => send(`${address}/fields/${field.dataset.field}`, { value }));

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

  const attach = async (field: HTMLElement, input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0];
    const face = one("[data-face]", field);
    if (!file) return;
    const shown = face?.textContent ?? "";
    if (face) face.textContent = t("Sending …");
    const done = await inTurn(field, () => sendFile(`${address}/fields/${field.dataset.field}`, { file }));
    if (face) face.textContent = done ? file.name : shown;
    if (done) announce(t("Attached: {name}", { name: file.name }));
    if (done && field.dataset.kind === "stamp" && face) {
      const picture = document.createElement("img");
      picture.alt = "";
      picture.src = `${address}/fields/${field.dataset.field}/file?at=${Date.now()}`;
      face.replaceChildren(picture);
    }
  };

  const several = (field: HTMLElement): void => {
    const boxes = all<HTMLInputElement>("input", field);
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    const face = one("[data-face]", field);
    if (face && chosen.length) face.textContent = chosen.join(", ");
    void keep(field, chosen.join("\n"));
  };

  const changed = (field: HTMLElement, control: Control): void => {
    if (control.type === "file") void attach(field, control as HTMLInputElement);
    else if (field.dataset.kind === "multi_select") several(field);
    else if (control.type === "checkbox" || control.type === "radio") void keep(field, (control as HTMLInputElement).checked ? "on" : "");
    else void keep(field, control.value);
  };

  const onward = (field: HTMLElement): void => {
    const following = fields.slice(fields.indexOf(field) + 1).find((each) => applies(each) && !("readOnly" in each.dataset) && each.dataset.kind !== "date_signed");
    if (following) go(following);
  };

  for (const field of fields) {
    for (const control of all<Control>("input, select", field)) {
      control.addEventListener("change", () => changed(field, control));
      if (control instanceof HTMLSelectElement || ["checkbox", "radio", "file"].includes(control.type)) continue;
      control.addEventListener("keydown", (event) => {
        if ((event as KeyboardEvent).key !== "Enter") return;
        control.blur();
        onward(field);
      });
    }
    if (field instanceof HTMLDetailsElement) {
      field.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !field.open) return;
        field.open = false;
        focusable(field).focus();
      });
    }
    if (field instanceof HTMLAnchorElement && field.dataset.kind === "payment") {
      // What was typed is kept first: the amount may follow from it.
      field.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        void before.then(() => location.assign(field.href));
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
  const sheets = one("[data-sheets][data-worker]");
  const leave = sheets ? view(sheets) : undefined;
  refresh();
  const asked = fields.find((field) => `#${field.id}` === location.hash);
  if (asked) go(asked);
  return () => {
    sizes.disconnect();
    leave?.();
  };
}
