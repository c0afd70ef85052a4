// The stage bar of a deal: a press moves it at once, and what the stage still needs is asked in
// place. Without script each step is a page of its own.
import { one } from "../core/dom";
import type { Mount } from "../core/mount";
import { toast } from "../core/toast";
import { t } from "../core/words";
import { send, type Answer, type Data } from "../core/write";
import { rememberUndo } from "../everywhere";
import { readFields } from "../list/fields";

export const mount: Mount = (root) => {
  const fields = readFields("opportunity");
  let busy = false;

  const move = async (step: HTMLAnchorElement): Promise<void> => {
    const { stage = "", name = "" } = step.dataset;
    const title = one('[data-island~="record"]')?.dataset.title ?? "";
    const write = (more: Data = {}): Promise<Answer> =>
      send(`/opportunities/${root.dataset.id}/cells`, { values: { stage, ...more } }, { keep: `${title}: ${name}` });
    const landed = (data: Data, queued = false): void => {
      if (queued) return toast({ message: t("Will be sent when the connection is back.") });
      rememberUndo(data.undo);
      toast({ message: t("{card} moved to {column}", { card: title, column: name }), ...(typeof data.undo === "string" ? { undo: data.undo } : {}) });
      document.body.dispatchEvent(new CustomEvent("dw:record-written"));
    };
    const answer = await write();
    if (answer.ok) return landed(answer.data, answer.queued === true);
    const missing = Object.keys(answer.problem.fields).filter((key) => key !== "stage" && fields.has(key));
    if (answer.problem.status !== 422 || !missing.length) {
      return toast({ message: Object.values(answer.problem.fields).flat().join(" ") || answer.problem.title, tone: "danger" });
    }
    const { askFields } = await import("../record/ask-fields");
    askFields({ fields, keys: missing, intro: answer.problem.title, values: {}, send: write, done: landed, cancelled: () => one<HTMLElement>(`[data-stage="${CSS.escape(stage)}"]`, root)?.focus() });
  };

  root.addEventListener("click", (event) => {
    const step = (event.target as Element).closest<HTMLAnchorElement>("a[data-stage]");
    if (!step || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    step.setAttribute("aria-busy", "true");
    void move(step).finally(() => {
      busy = false;
      step.removeAttribute("aria-busy");
    });
  });
};
