// What is inserted, asked in a dialog: the text, on which side of the words, and a note.
import { dialog } from "../core/dialogs";
import { el } from "../core/dom";
import { t } from "../core/words";
import type { Answer } from "../core/write";

export interface Insertion {
  inserted: string;
  side: "before" | "after";
  note: string;
}
interface Asked {
  title: string;
  quoted: string; // the words that are meant
  inserted?: string;
  note?: string;
  sides?: boolean; // whether it goes before or after them
  required: boolean;
  keep: (given: Insertion) => Promise<Answer>;
  kept: () => void; // when the dialog is gone, to say where one goes on
}

/** Ask until it is kept or left; a refusal is said in the dialog, which stays. */
export function askForText(asked: Asked): void {
  const text = el("textarea", { class: "input", id: "redline-text", rows: 3, maxlength: 500, dir: "auto", "aria-describedby": "redline-problem" });
  text.value = asked.inserted ?? "";
  const note = el("input", { class: "input", id: "redline-note", maxlength: 200 });
  note.value = asked.note ?? "";
  const problem = el("p", { class: "field-error", id: "redline-problem", role: "alert" });
  const before = el("input", { type: "radio", name: "redline-side", value: "before" });
  const after = el("input", { type: "radio", name: "redline-side", value: "after", checked: true });
  const keep = el("button", { type: "submit", class: "btn btn-primary" }, t("Keep"));
  const form = el(
    "form",
    { class: "stack", novalidate: true },
    asked.quoted && el("p", { class: "small" }, el("q", {}, asked.quoted)),
    el("div", { class: "field" }, el("label", { class: "field-label", for: "redline-text" }, t("Text to insert")), text),
    asked.sides && el("fieldset", { class: "field radios" }, el("legend", { class: "field-label" }, t("Where")), el("label", { class: "check" }, after, el("span", {}, t("After the words"))), el("label", { class: "check" }, before, el("span", {}, t("Before the words")))),
    el("div", { class: "field" }, el("label", { class: "field-label", for: "redline-note" }, t("Note (everybody can read it)")), note),
    problem,
    el("div", { class: "dialog-footer" }, el("button", { type: "button", class: "btn btn-quiet", "data-close": true }, t("Cancel")), keep),
  );
  const made = dialog(asked.title, form);
  made.classList.add("redline-dialog");
  text.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (asked.required && !text.value.trim()) {
      problem.textContent = t("Write the text.");
      text.setAttribute("aria-invalid", "true");
      text.focus();
      return;
    }
    keep.disabled = true;
    void asked.keep({ inserted: text.value, side: before.checked ? "before" : "after", note: note.value }).then((answer) => {
      keep.disabled = false;
      if (answer.ok) {
        made.close();
        return asked.kept();
      }
      problem.textContent = answer.problem.title;
      text.setAttribute("aria-invalid", "true");
      text.focus();
    });
  });
}
