// Short messages at the foot of the page; what can be undone stays for ten seconds.
import { el, one } from "./dom";
import { keep, kept } from "./kept";
import { t } from "./words";
import { send } from "./write";

const STAY = 5_000;
const STAY_WITH_UNDO = 10_000;
const NEXT = "dw:toast";

export interface Toast {
  message: string;
  tone?: string;
  undo?: string;
  onUndo?: () => void | Promise<void>;
  link?: { label: string; url: string };
}

/** Say it to screen readers without showing it. */
export function announce(message: string): void {
  const place = document.getElementById("live-region");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = message));
}

export function toast({ message, tone = "success", undo, onUndo, link }: Toast): void {
  const place = one("#toasts");
  if (!place || !message) return;
  const box = el("div", { class: "toast", "data-tone": tone, role: tone === "danger" ? "alert" : "status" }, el("p", {}, message));
  const leave = (): void => box.remove();
  const canUndo = Boolean(undo || onUndo);
  if (canUndo) {
    const button = el("button", { type: "button", class: "toast-undo" }, t("Undo"));
    button.addEventListener("click", async () => {
      leave();
      if (onUndo) await onUndo();
      else if (undo) await takeBack(undo);
    });
    box.append(button);
  }
  if (link) box.append(el("a", { class: "toast-undo", href: link.url }, link.label));
  const close = el("button", { type: "button", "aria-label": t("Close") }, "×");
  close.addEventListener("click", leave);
  box.append(close);
  place.append(box);
  while (place.querySelectorAll(".toast").length > 3) place.querySelector(".toast")?.remove();
  let timer: ReturnType<typeof setTimeout>;
  const wait = (): void => {
    timer = setTimeout(leave, canUndo ? STAY_WITH_UNDO : STAY);
  };
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", wait);
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("focusout", wait);
  wait();
}

/** Take a change back by its undo address, and let the page show it. */
export async function takeBack(address: string): Promise<void> {
  const answer = await send(address, {});
  if (!answer.ok) return toast({ message: answer.problem.title, tone: "danger" });
  toastNext({ message: String(answer.data.message ?? t("Taken back.")) });
  location.reload();
}

/** Say something on the page that comes next. */
export function toastNext(made: Toast): void {
  keep(NEXT, JSON.stringify(made));
}

export function startToasts(): void {
  const waiting = kept(NEXT);
  if (waiting) {
    keep(NEXT, null);
    toast(JSON.parse(waiting) as Toast);
  }
  document.addEventListener("dw:toast", (event) => toast((event as CustomEvent<Toast>).detail));
  for (const template of document.querySelectorAll<HTMLTemplateElement>("template[data-toast]")) {
    toast({
      message: template.content.textContent ?? "",
      tone: template.dataset.tone ?? "success",
      ...(template.dataset.undo ? { undo: template.dataset.undo } : {}),
    });
    template.remove();
  }
}
