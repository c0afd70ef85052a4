// The facts of a record: changed where they stand, each with its history.
import { all, el, icon, one, parse, placeNear } from "../core/dom";
import type { Mount } from "../core/mount";
import { announce, toast } from "../core/toast";
import { t } from "../core/words";
import { fragment, isWriting, optimistically, send, type Problem } from "../core/write";
import { rememberUndo } from "../everywhere";
import { openEditor, type Edited } from "../list/editor";
import { readFields, type FieldInfo } from "../list/fields";

const focusFact = (fact: HTMLElement | null | undefined): void => (fact ? one("[tabindex], button, a", fact) : null)?.focus();

export const mount: Mount = (root) => {
  const { slug = "", id = "", object = "" } = root.dataset;
  const fields = readFields(object);
  /** The facts as they stand now: fresh ones may have taken their place. */
  const current = (): HTMLElement => document.getElementById(root.id) ?? root;
  const facts = (): HTMLElement[] => all(".fact-value[data-editable]", root);

  let stale = false; // saved, and not shown afresh because somebody was still typing

  const edit = (fact: HTMLElement, typed?: string, error?: string): void => {
    const field = fields.get(fact.dataset.field ?? "");
    if (!field?.editable) return;
    openEditor({
      anchor: fact, field, value: fact.dataset.value ?? "", text: fact.dataset.text ?? "",
      ...(typed === undefined ? {} : { typed }),
      ...(error === undefined ? {} : { error }),
      cancel: () => {
        focusFact(fact);
        if (stale) void refresh(field.key);
      },
      save: (edited, then) => {
        void save(fact, field, edited);
        const list = facts();
        const next = then === "next" ? list[list.indexOf(fact) + 1] : then === "previous" ? list[list.indexOf(fact) - 1] : undefined;
        if (next) edit(next);
        else focusFact(fact);
      },
    });
  };

  const save = async (fact: HTMLElement, field: FieldInfo, edited: Edited, version?: number): Promise<void> => {
    const sent = edited.value === null ? "" : Array.isArray(edited.value) ? JSON.stringify(edited.value) : String(edited.value);
    if (sent === (fact.dataset.value ?? "") && version === undefined) return;
    const shown = one(".fact-shown", fact);
    if (!shown) return;
    const before = [...shown.childNodes].map((node) => node.cloneNode(true));
    const { value, text } = fact.dataset;
    await optimistically({
      record: id ?? "",
      show: () => {
        shown.textContent = edited.text || "–";
        Object.assign(fact.dataset, { value: sent, text: edited.text }); // editing on starts from here
      },
      write: () => send(`/${slug}/${id}/cells`, { values: { [field.key]: edited.value }, version: version ?? Number(current().dataset.version) }, { keep: `${document.title}: ${field.label}` }),
      done: (data, queued) => {
        if (queued) return toast({ message: t("Will be sent when the connection is back.") });
        if (typeof data.version === "number") current().dataset.version = String(data.version);
        rememberUndo(data.undo);
        announce(t("{field} saved.", { field: field.label }));
        void refresh(field.key);
      },
      undo: (problem) => {
        shown.replaceChildren(...before);
        Object.assign(fact.dataset, { value: value ?? "", text: text ?? "" });
        refused(fact, field, edited, problem);
      },
    });
  };

  const refused = (fact: HTMLElement, field: FieldInfo, edited: Edited, problem: Problem): void => {
    if (problem.code === "version_conflict" && problem.current) {
      const values = problem.current.values as Record<string, { text: string }>;
      toast({
        message: t("Somebody changed this meanwhile. Now: {theirs}. Yours: {mine}.", { theirs: values[field.key]?.text || "–", mine: edited.text || "–" }),
        tone: "danger",
        onUndo: () => save(fact, field, edited, Number(problem.current?.version)),
      });
      void refresh(field.key);
      return;
    }
    const sentences = Object.values(problem.fields).flat().join(" ");
    const others = Object.keys(problem.fields).filter((key) => key !== field.key);
    if (problem.status === 422 && others.length) {
      void import("./ask-fields").then(({ askFields }) => askFields({ fields, keys: others, intro: problem.title, values: { [field.key]: edited.value }, send: (values) => send(`/${slug}/${id}/cells`, { values }), done: () => location.reload() }));
    } else if (problem.status === 422 && sentences) edit(fact, field.kind === "percent" || Array.isArray(edited.value) ? undefined : String(edited.value ?? ""), sentences);
    else toast({ message: sentences || problem.title, tone: "danger" });
  };

  // What was saved may have changed other facts too (a stage sets the probability).
  const refresh = async (focus: string): Promise<void> => {
    const fresh = parse(await fragment(`/${slug}/${id}/facts`)).querySelector<HTMLElement>("#record-facts");
    stale = isWriting() || document.querySelector(".cell-editor") !== null;
    if (!fresh || !root.isConnected || stale) return;
    const open = one<HTMLDetailsElement>("details", root)?.open ?? false;
    const details = one<HTMLDetailsElement>("details", fresh);
    if (details) details.open = open;
    const focused = document.activeElement;
    const at = root.contains(focused) ? focused?.closest<HTMLElement>(".fact-value")?.dataset.field ?? focus : "";
    root.replaceWith(fresh);
    if (at) focusFact(one(`.fact-value[data-field="${at}"]`, fresh));
  };

  root.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest("a:not(.fact-change), .fact-history")) return;
    const fact = target.closest<HTMLElement>(".fact-value[data-editable]");
    if (fact && !String(getSelection() ?? "")) edit(fact);
  });
  root.addEventListener("keydown", (event) => {
    const fact = (event.target as HTMLElement).closest?.<HTMLElement>(".fact-value[data-editable]");
    if (!fact || !(event.target as HTMLElement).matches(".fact-shown, .fact-change") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === "F2" || event.key === " ") {
      event.preventDefault();
      edit(fact);
    }
  });

  // The history of a field: a small button that comes with the pointer or the focus.
  for (const fact of all(".fact-value", root)) {
    const button = el("button", { type: "button", class: "fact-history", "aria-label": t("History of {field}", { field: fact.closest(".fact-edit")?.querySelector(".fact-label")?.textContent ?? "" }) }, icon("history", 14));
    button.addEventListener("click", async (event) => {
      event.stopPropagation();
      const box = el("div", { class: "menu", popover: "auto" });
      box.append(parse(await fragment(`/${slug}/${id}/history/${fact.dataset.field}`)));
      document.body.append(box);
      box.showPopover();
      placeNear(box, button);
      box.addEventListener("toggle", (toggled) => { if ((toggled as ToggleEvent).newState === "closed") box.remove(); });
    });
    fact.after(button);
  }
};
