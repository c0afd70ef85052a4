// Commands and keys that work on every page.
import { command, runCommand } from "./core/commands";
import { all, meta, one } from "./core/dom";
import { keyLabel, shortcut } from "./core/keys";
import { takeBack } from "./core/toast";
import { t } from "./core/words";
import { isWriting, written } from "./core/write";

function everyKey(): void {
  const group = t("Everywhere");
  shortcut({ keys: "mod+k", label: t("Search or jump to"), group, always: true, run: () => runCommand("palette") });
  shortcut({ keys: "c", label: t("Create"), group, when: () => meta("person") !== "", run: () => runCommand("create") });
  shortcut({ keys: "?", label: t("Keyboard shortcuts"), group, run: () => runCommand("help") });
  const places = new Set<string>();
  for (const link of all<HTMLAnchorElement>(".sidebar [data-shortcut]")) {
    const letter = link.dataset.shortcut ?? "";
    if (!letter || places.has(letter)) continue;
    places.add(letter);
    shortcut({
      keys: `g ${letter}`,
      label: t("Go to {place}", { place: link.textContent?.trim() ?? "" }),
      group: t("Go to"),
      run: () => location.assign(link.href),
    });
  }
}

/** Undo of the last change on this page, by Ctrl-Z: also of one that is shown but not answered yet. */
const undoable: string[] = [];
export function rememberUndo(address: unknown): void {
  if (typeof address === "string" && address) undoable.push(address);
}
async function undoLast(): Promise<void> {
  await written();
  const address = undoable.pop();
  if (address) await takeBack(address);
}

function everyCommand(): void {
  command({ id: "palette", label: t("Search or jump to"), icon: "icon:search", hidden: true, run: () => void import("./palette/palette").then((it) => it.openPalette()) });
  command({ id: "create", label: t("Create"), icon: "icon:plus", keys: "c", when: () => meta("person") !== "", run: () => void import("./palette/palette").then((it) => it.openCreate()) });
  command({ id: "help", label: t("Keyboard shortcuts"), icon: "icon:keyboard", keys: "?", run: () => void import("./palette/help").then((it) => it.openHelp()) });
  command({ id: "back", label: t("Go back"), icon: "icon:arrow-left", hidden: true, run: () => (history.length > 1 ? history.back() : location.assign("/")) });
  command({ id: "print", label: t("Print this page"), icon: "icon:printer", run: () => print() });
  command({ id: "copy-link", label: t("Copy a link to this page"), icon: "icon:link", run: async () => {
    await navigator.clipboard?.writeText(location.href);
    document.dispatchEvent(new CustomEvent("dw:toast", { detail: { message: t("Link copied.") } }));
  } });
  shortcut({ keys: "mod+z", label: t("Undo the last change"), group: t("Everywhere"), when: () => undoable.length > 0 || isWriting(), run: () => void undoLast() });
}

/** The navigation stays where it was scrolled to, and shows where one is. */
function keepNavigation(): void {
  const side = one(".sidebar-scroll");
  if (!side) return;
  side.scrollTop = Number(sessionStorage.getItem("dw:navigation") ?? 0);
  one("[aria-current=page]", side)?.scrollIntoView({ block: "nearest" });
  addEventListener("pagehide", () => sessionStorage.setItem("dw:navigation", String(side.scrollTop)));
}

export function startEverywhere(): void {
  keepNavigation();
  for (const key of all("[data-keys]")) key.textContent = keyLabel(key.dataset.keys ?? "");
  everyCommand();
  everyKey();
  // After a form went wrong, the first wrong field has the focus.
  showWrong("[aria-invalid=true]");
  document.addEventListener("htmx:after:swap", () => showWrong("dialog[open] [aria-invalid=true], main [aria-invalid=true]"));
}

function showWrong(selector: string): void {
  const wrong = one(selector);
  const folded = wrong?.closest("details");
  if (folded) folded.open = true;
  wrong?.focus();
}
