// Dialogs and menus on the browser's own <dialog> and popover.
import { all, el, icon, one, parse, placeNear } from "./dom";
import { t } from "./words";

/** A dialog of our own making, shown at once and gone from the page when it closes. */
export function dialog(title: string, content: Node, options: { wide?: boolean; onClose?: () => void } = {}): HTMLDialogElement {
  const id = `dialog-${Math.random().toString(36).slice(2, 8)}`;
  const close = el("button", { type: "button", class: "btn btn-icon btn-quiet", "data-close": true, "aria-label": t("Close") }, icon("x"));
  const made = el(
    "dialog",
    { class: `dialog${options.wide ? " dialog-wide" : ""}`, id, "aria-labelledby": `${id}-title` },
    el("header", { class: "dialog-header" }, el("h2", { id: `${id}-title` }, title), close),
    el("div", { class: "dialog-body" }, content),
  );
  show(made, () => {
    options.onClose?.();
    made.remove();
  });
  return made;
}

function show(made: HTMLDialogElement, onClose?: () => void): void {
  const before = document.activeElement;
  if (!made.isConnected) (one("#dialogs") ?? document.body).append(made);
  made.addEventListener("close", () => {
    onClose?.();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  }, { once: true });
  made.showModal();
}

/** Fetch a dialog from the server into the page and show it. */
export async function openRemote(address: string): Promise<HTMLDialogElement | null> {
  const { fragment } = await import("./write");
  const made = parse(await fragment(address)).querySelector("dialog");
  if (!made) return null;
  document.getElementById(made.id)?.remove();
  made.removeAttribute("data-open");
  show(made, () => setTimeout(() => made.remove(), 0));
  window.htmx?.process(made);
  return made;
}

/** Ask before something that cannot be taken back. */
export function ask(question: string, yes = t("Go ahead")): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const go = el("button", { type: "button", class: "btn btn-primary" }, yes);
    const no = el("button", { type: "button", class: "btn btn-quiet", "data-close": true }, t("Cancel"));
    const made = dialog(
      t("Are you sure?"),
      el("div", { class: "stack" }, el("p", {}, question), el("div", { class: "dialog-footer" }, no, go)),
      { onClose: () => resolve(answer) },
    );
    go.addEventListener("click", () => {
      answer = true;
      made.close();
    });
    go.focus();
  });
}

function moveInMenu(menu: HTMLElement, event: KeyboardEvent): void {
  const items = all("a[href], button:not(:disabled), input", menu);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined || !items.length || (event.target as HTMLElement).matches("input:not([type=checkbox])")) return;
  event.preventDefault();
  const next = Math.abs(step) === Infinity ? (step < 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length;
  items[next]?.focus();
}

/** Open dialogs that buttons name, place menus, ask where a form wants it. */
export function startDialogs(): void {
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const opener = event.target.closest<HTMLElement>("[data-opens]");
    if (opener) {
      const found = document.getElementById(opener.dataset.opens ?? "");
      if (found instanceof HTMLDialogElement && !found.open) show(found);
      return;
    }
    const remote = event.target.closest<HTMLElement>("[data-dialog]");
    if (remote && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      void openRemote(remote.dataset.dialog || (remote as HTMLAnchorElement).href);
      return;
    }
    const closer = event.target.closest("[data-close]");
    if (closer) {
      closer.closest("dialog")?.close();
      closer.closest<HTMLElement>("[popover]")?.hidePopover?.();
      return;
    }
    // A click on the backdrop lands on the dialog itself.
    if (event.target instanceof HTMLDialogElement && event.target.open && event.detail > 0) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
  });

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLElement) || !menu.classList.contains("menu")) return;
    const opener = one(`[popovertarget="${CSS.escape(menu.id)}"]`);
    const opened = (event as ToggleEvent).newState === "open";
    opener?.setAttribute("aria-expanded", String(opened));
    if (!opened) return;
    if (opener) placeNear(menu, opener);
    one("[autofocus], a[href], button, input", menu)?.focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (!(event.target instanceof Element)) return;
    const menu = event.target.closest<HTMLElement>(".menu");
    if (menu) moveInMenu(menu, event);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void ask(form.dataset.confirm, form.dataset.confirmLabel).then((yes) => {
      if (!yes) return;
      form.dataset.confirmed = "yes";
      form.requestSubmit((event as SubmitEvent).submitter);
      delete form.dataset.confirmed;
    });
  }, true);
  document.addEventListener("htmx:confirm", (event) => {
    const { ctx, issueRequest, dropRequest } = (event as CustomEvent).detail;
    if (!ctx.confirm) return;
    event.preventDefault();
    void ask(ctx.confirm).then((yes) => (yes ? issueRequest() : dropRequest()));
  });
  // A form inside a dialog that was saved closes it.
  document.addEventListener("dw:close-dialog", () => {
    for (const open of all<HTMLDialogElement>("dialog[open]")) open.close();
  });
  for (const waiting of all<HTMLDialogElement>("dialog[data-open]")) show(waiting);
}

declare global {
  interface Window {
    htmx?: { process(element: Element): void; ajax(verb: string, path: string, options: unknown): Promise<void> };
  }
}
