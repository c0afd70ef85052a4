// One small editor over a value: in a cell of a list, in a fact of a record, on a card.
import { el, one } from "../core/dom";
import { t } from "../core/words";
import { lookupBox } from "../record/lookup";
import { plainNumber, type FieldInfo } from "./fields";

export interface Edited {
  value: unknown;
  text: string; // what to show until the server answers
}
export interface EditorOptions {
  anchor: HTMLElement;
  anchorNow?: () => HTMLElement; // what stands in the anchor's place later
  field: FieldInfo;
  value: string;
  text: string;
  typed?: string; // the key that started it replaces the value
  error?: string;
  save: (edited: Edited, then: "stay" | "next" | "previous" | "down") => void;
  cancel: () => void;
}

/** Show the editor over its anchor; returns what takes it away. */
export function openEditor(options: EditorOptions): () => void {
  const { anchor, field } = options;
  const box = el("div", { class: "cell-editor" });
  const error = el("p", { class: "cell-error", role: "alert" }, options.error ?? "");
  error.hidden = !options.error;
  let over = false;
  let reading: () => Edited;
  let focus: HTMLElement;

  const finish = (): void => {
    over = true;
    removeEventListener("scroll", place, true);
    removeEventListener("resize", place);
    document.removeEventListener("pointerdown", outside, true);
    box.remove();
  };
  const commit = (then: "stay" | "next" | "previous" | "down"): void => {
    if (over) return;
    const edited = reading();
    finish();
    options.save(edited, then);
  };
  const cancel = (): void => {
    if (over) return;
    finish();
    options.cancel();
  };
  const outside = (event: PointerEvent): void => {
    if (!box.contains(event.target as Node)) commit("stay");
  };
  const place = (): void => {
    const rect = (options.anchorNow?.() ?? anchor).getBoundingClientRect();
    const wide = field.kind === "long_text" ? 320 : field.kind === "relation" || field.kind === "user" || field.kind === "choices" ? 240 : 120;
    box.style.insetInlineStart = "auto";
    box.style.width = `${Math.max(rect.width, wide)}px`;
    box.style.left = `${Math.max(8, Math.min(rect.left, innerWidth - Math.max(rect.width, wide) - 8))}px`;
    box.style.top = `${Math.max(8, Math.min(rect.top, innerHeight - box.offsetHeight - 8))}px`;
    box.style.minHeight = `${rect.height}px`;
  };

  const input = (type: string, value: string): HTMLInputElement => {
    const made = el("input", { class: "input", type, "aria-label": field.label, autocomplete: "off" });
    made.value = value;
    return made;
  };

  switch (field.kind) {
    case "choice": {
      const select = el("select", { class: "input select", "aria-label": field.label });
      if (!field.required) select.append(el("option", { value: "" }, "–"));
      for (const [value, label] of field.options) select.append(el("option", { value, selected: value === options.value }, label));
      select.addEventListener("change", () => commit("stay"));
      reading = () => ({ value: select.value || null, text: select.selectedOptions[0]?.textContent ?? "" });
      focus = select;
      box.append(select);
      break;
    }
    case "choices": {
      const chosen = new Set(JSON.parse(options.value || "[]") as string[]);
      const list = el("div", { class: "field-list", role: "group", "aria-label": field.label });
      for (const [value, label] of field.options) {
        const tick = el("input", { type: "checkbox", value, checked: chosen.has(value) });
        list.append(el("label", { class: "check" }, tick, el("span", {}, label)));
      }
      const ticked = (): HTMLInputElement[] => [...list.querySelectorAll<HTMLInputElement>("input:checked")];
      reading = () => ({ value: ticked().map((each) => each.value), text: ticked().map((each) => each.parentElement?.textContent ?? "").join(", ") });
      focus = list.querySelector("input") ?? list;
      box.append(list);
      break;
    }
    case "relation":
    case "user": {
      let chosen = { id: options.value, title: options.text };
      const look = lookupBox({
        address: `/lookup/${field.kind === "user" ? "user" : field.relation}`,
        label: field.label,
        clearable: !field.required,
        choose: (hit) => {
          chosen = { id: hit?.id ?? "", title: hit?.title ?? "" };
          commit("stay");
        },
      });
      look.input.value = options.typed ?? "";
      look.input.placeholder = options.text || t("Type to search");
      look.search();
      reading = () => ({ value: chosen.id || null, text: chosen.title });
      focus = look.input;
      box.append(look.element);
      break;
    }
    case "bool": {
      const select = el("select", { class: "input select", "aria-label": field.label });
      select.append(el("option", { value: "true", selected: options.value === "true" }, t("Yes")), el("option", { value: "false", selected: options.value !== "true" }, t("No")));
      select.addEventListener("change", () => commit("stay"));
      reading = () => ({ value: select.value === "true", text: select.selectedOptions[0]?.textContent ?? "" });
      focus = select;
      box.append(select);
      break;
    }
    case "long_text": {
      const area = el("textarea", { class: "input", "aria-label": field.label, rows: 4 });
      area.value = options.typed ?? options.value;
      reading = () => ({ value: area.value, text: area.value });
      focus = area;
      box.append(area);
      break;
    }
    case "date":
    case "datetime": {
      const made = input(field.kind === "date" ? "date" : "datetime-local", options.value);
      reading = () => ({ value: made.value || null, text: made.value.replace("T", " ") });
      focus = made;
      box.append(made);
      break;
    }
    case "money":
    case "number":
    case "integer":
    case "percent": {
      const shown = field.kind === "percent" && options.value ? String(+(Number(options.value) * 100).toFixed(6)) : options.value;
      const made = input("text", options.typed ?? shown);
      made.inputMode = "decimal";
      made.classList.add("num");
      reading = () => {
        const number = plainNumber(made.value);
        if (number === "") return { value: null, text: "" };
        return { value: field.kind === "percent" ? percentToFraction(number) : number, text: field.kind === "percent" ? `${made.value} %` : made.value };
      };
      focus = made;
      box.append(made);
      break;
    }
    default: {
      const type = { email: "email", url: "url", phone: "tel" }[field.kind] ?? "text";
      const made = input(type, options.typed ?? options.value);
      reading = () => ({ value: made.value, text: made.value });
      focus = made;
      box.append(made);
    }
  }
  box.append(error);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      cancel();
    } else if (event.key === "Tab") {
      event.preventDefault();
      commit(event.shiftKey ? "previous" : "next");
    } else if (event.key === "Enter" && !event.defaultPrevented && (field.kind !== "long_text" || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      commit("down");
    }
  });
  (anchor.closest("dialog") ?? document.body).append(box);
  place();
  focus.focus();
  if (focus instanceof HTMLInputElement || focus instanceof HTMLTextAreaElement) {
    if (options.typed === undefined && focus.type !== "date" && focus.type !== "datetime-local") focus.select();
    else if (options.typed !== undefined) focus.setSelectionRange?.(focus.value.length, focus.value.length);
  }
  one("[aria-selected=true]", box)?.scrollIntoView({ block: "nearest" });
  addEventListener("scroll", place, true);
  addEventListener("resize", place);
  document.addEventListener("pointerdown", outside, true);
  return cancel;
}

/** "12.5" to "0.125" by moving the point, so that no digit is lost to binary fractions. */
export function percentToFraction(percent: string): string {
  const negative = percent.startsWith("-");
  const [whole = "", part = ""] = percent.replace(/^[+-]/, "").split(".");
  const digits = whole.padStart(3, "0");
  return `${negative ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}${part}`;
}
