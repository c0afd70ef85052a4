// Keyboard: one listener, bindings that pages add and take away, all off on request.
import { isMac, isTyping } from "./dom";

export interface Shortcut {
  keys: string; // "j", "?", "g o", "mod+k", "shift+enter"
  label: string;
  group: string;
  run: (event: KeyboardEvent) => void;
  when?: () => boolean;
  always?: boolean; // works while typing and with shortcuts switched off
}

const shortcuts: Shortcut[] = [];
let pending = "";
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

export function shortcut(binding: Shortcut): () => void {
  shortcuts.push(binding);
  return () => {
    const at = shortcuts.indexOf(binding);
    if (at >= 0) shortcuts.splice(at, 1);
  };
}

export function allShortcuts(): readonly Shortcut[] {
  return shortcuts.filter((each) => each.label && (!each.when || each.when()));
}

export const shortcutsOn = (): boolean => document.documentElement.dataset.shortcuts !== "off";

/** How the keys read on this machine. */
export function keyLabel(keys: string): string {
  return keys
    .split(" ")
    .map((step) =>
      step
        .split("+")
        .map((key) => {
          if (key === "mod") return isMac ? "⌘" : "Ctrl";
          if (key === "shift") return isMac ? "⇧" : "Shift";
          return { enter: "Enter", escape: "Esc", " ": "Space", arrowdown: "↓", arrowup: "↑" }[key] ?? (key.length === 1 ? key.toUpperCase() : key);
        })
        .join(isMac ? "" : " "),
    )
    .join(" ");
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("mod");
  if (event.altKey) parts.push("alt");
  // Shift is part of what a printable key gives ("?"); name it only for the others.
  if (event.shiftKey && (key.length > 1 || /[a-z]/.test(key))) parts.push("shift");
  return [...parts, key].join("+");
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const name = nameOf(event);
    const typing = isTyping(event.target);
    const blocked = document.querySelector("dialog[open]") !== null;
    const sequence = pending ? `${pending} ${name}` : name;
    let opensSequence = false;
    for (const each of [...shortcuts].reverse()) {
      if (!each.always && (typing || blocked || !shortcutsOn())) continue;
      if (each.when && !each.when()) continue;
      if (each.keys === sequence) {
        pending = "";
        event.preventDefault();
        each.run(event);
        return;
      }
      if (each.keys.startsWith(`${sequence} `)) opensSequence = true;
    }
    clearTimeout(pendingTimer);
    pending = opensSequence ? sequence : "";
    if (pending) pendingTimer = setTimeout(() => (pending = ""), 1_200);
  });
}
