// The palette: everything that can be opened or done, by a few letters.
import { allCommands } from "../core/commands";
import { all, el, icon, meta, one } from "../core/dom";
import { openRemote } from "../core/dialogs";
import { keyLabel } from "../core/keys";
import { announce } from "../core/toast";
import { t } from "../core/words";
import { getJson } from "../core/write";
import { recents } from "../recent";
import { score } from "./match";

interface Entry {
  label: string;
  detail?: string | undefined;
  icon: string;
  keys?: string | undefined;
  url?: string | undefined;
  run?: (() => void) | undefined;
  words?: string | undefined;
}
interface Section {
  title: string;
  entries: Entry[];
}
interface Hit { title: string; subtitle: string; url: string; icon: string; label: string }
interface Places {
  pages: { label: string; url: string; icon: string; group: string; keys: string }[];
  create: { label: string; url: string; icon: string; page?: boolean }[];
  views: { label: string; url: string; object: string }[];
}

const WAIT = 70; // ms after the last letter before the server is asked
let places: Places | undefined;

async function loadPlaces(): Promise<Places> {
  places ??= await getJson<Places>("/palette").catch(() => ({ pages: [], create: [], views: [] }));
  return places;
}

export function openPalette(typed = ""): void {
  open(t("Search or jump to"), typed, local, remote);
}

/** The same box with nothing in it but what can be created. */
export function openCreate(): void {
  open(t("Create…"), "", (text) => {
    const entries = (places?.create ?? []).map((each) => ({
      label: each.label,
      icon: each.icon,
      run: () => begin(each),
    }));
    return [{ title: t("Create"), entries: text ? ranked(text, entries) : entries }];
  });
}

/** Open the dialog that makes a record, or go to the page where such a thing begins. */
function begin(what: Places["create"][number]): void {
  if (what.page) return location.assign(what.url);
  void openRemote(`${what.url}?dialog=1`).then((made) => made || location.assign(what.url)).catch(() => location.assign(what.url));
}

function ranked(text: string, entries: Entry[], most = 8): Entry[] {
  if (!text) return entries.slice(0, Math.max(most, 12));
  return entries
    .map((entry) => ({ entry, points: Math.max(score(text, entry.label), score(text, `${entry.detail ?? ""} ${entry.words ?? ""}`) * 0.6) }))
    .filter((each) => each.points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
    .map((each) => each.entry);
}

function local(text: string): Section[] {
  const pages = (places?.pages ?? []).map((page) => ({
    label: page.label, icon: page.icon, url: page.url, detail: page.group, keys: page.keys ? `g ${page.keys}` : undefined,
  }));
  const actions: Entry[] = allCommands().map((each) => ({
    label: each.label, icon: each.icon.replace("icon:", ""), keys: each.keys, words: each.words, run: () => void each.run(),
  }));
  const create: Entry[] = (places?.create ?? []).map((each) => ({
    label: each.page ? each.label : t("New {thing}", { thing: each.label.toLowerCase() }),
    icon: each.page ? each.icon : "plus",
    words: t("Create"),
    run: () => begin(each),
  }));
  const views: Entry[] = (places?.views ?? []).map((each) => ({ label: each.label, detail: each.object, icon: "list", url: each.url }));
  const recent: Entry[] = recents().map((each) => ({ label: each.title, detail: each.label, icon: each.icon, url: each.url }));
  const sections: Section[] = text
    ? [
        { title: t("Go to"), entries: ranked(text, pages, 5) },
        { title: t("Views"), entries: ranked(text, views, 4) },
        { title: t("Do"), entries: ranked(text, [...actions, ...create], 6) },
      ]
    : [
        { title: t("Recent"), entries: recent.slice(0, 6) },
        { title: t("Do"), entries: [...actions].slice(0, 6) },
        { title: t("Go to"), entries: pages.slice(0, 8) },
      ];
  return sections.filter((each) => each.entries.length);
}

async function remote(text: string, signal: AbortSignal): Promise<Section[]> {
  const { hits } = await getJson<{ hits: Hit[] }>(`/search?q=${encodeURIComponent(text)}`, signal);
  const entries = hits.map((hit) => ({ label: hit.title, detail: [hit.label, hit.subtitle].filter(Boolean).join(" · "), icon: hit.icon, url: hit.url }));
  return entries.length ? [{ title: t("Records"), entries }] : [];
}

function open(
  title: string,
  typed: string,
  near: (text: string) => Section[],
  far?: (text: string, signal: AbortSignal) => Promise<Section[]>,
): void {
  if (one("dialog.palette[open]")) return;
  const list = el("div", { class: "palette-list", id: "palette-list", role: "listbox", "aria-label": title });
  const input = el("input", {
    class: "palette-input", type: "text", placeholder: title, role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-label": title, "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list", enterkeyhint: "go",
  });
  const box = el("dialog", { class: "palette", "aria-label": title }, el("div", { class: "palette-head" }, icon("search"), input, el("kbd", {}, "Esc")), list);
  let chosen = 0;
  let entries: Entry[] = [];
  let found: Section[] = [];
  let foundFor = "";
  let looking: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const draw = (keep = false): void => {
    const text = input.value.trim();
    const sections = [...near(text)];
    if (found.length && foundFor === text) sections.splice(sections[0] && strong(text, sections[0]) ? 1 : 0, 0, ...found);
    const before = keep ? entries[chosen] : undefined;
    entries = sections.flatMap((each) => each.entries);
    chosen = Math.max(0, before ? entries.findIndex((each) => each.label === before.label && each.url === before.url) : 0);
    list.replaceChildren(...sections.map(drawSection));
    if (!entries.length) list.append(el("p", { class: "palette-empty" }, text ? (timer || looking ? t("Searching…") : t("Nothing found for “{text}”.", { text })) : ""));
    mark();
  };
  const strong = (text: string, section: Section): boolean => section.entries.some((each) => score(text, each.label) >= 80);
  const drawSection = (section: Section): HTMLElement => {
    const group = el("div", { role: "group", "aria-label": section.title }, el("div", { class: "palette-heading", "aria-hidden": "true" }, section.title));
    for (const entry of section.entries) {
      const at = entries.indexOf(entry);
      const option = el(
        "div",
        { class: "palette-option", role: "option", id: `palette-${at}`, "aria-selected": "false" },
        icon(entry.icon),
        el("span", { class: "palette-label" }, entry.label),
        entry.detail ? el("span", { class: "palette-detail" }, entry.detail) : null,
        entry.keys ? el("kbd", {}, keyLabel(entry.keys)) : null,
      );
      option.addEventListener("pointermove", () => { if (chosen !== at) { chosen = at; mark(); } });
      option.addEventListener("click", (event) => go(entry, event.ctrlKey || event.metaKey));
      group.append(option);
    }
    return group;
  };
  const mark = (): void => {
    for (const option of all("[role=option]", list)) option.setAttribute("aria-selected", String(option.id === `palette-${chosen}`));
    input.setAttribute("aria-activedescendant", entries.length ? `palette-${chosen}` : "");
    one(`#palette-${chosen}`, list)?.scrollIntoView({ block: "nearest" });
  };
  const go = (entry: Entry | undefined, newTab = false): void => {
    if (!entry) return;
    box.close();
    if (entry.run) entry.run();
    else if (entry.url) newTab ? window.open(entry.url, "_blank") : location.assign(entry.url);
  };
  const look = (): void => {
    looking?.abort();
    clearTimeout(timer);
    timer = undefined;
    const text = input.value.trim();
    if (far && text.length > 1) {
      timer = setTimeout(async () => {
        timer = undefined;
        const controller = (looking = new AbortController());
        try {
          found = await far(text, controller.signal);
          foundFor = text;
          announce(t("{count} results", { count: entries.length + found.reduce((sum, each) => sum + each.entries.length, 0) }));
        } catch {
          if (controller.signal.aborted) return;
          found = [];
        }
        if (looking === controller) looking = undefined;
        draw(chosen > 0);
      }, WAIT);
    }
    draw();
  };

  input.addEventListener("input", look);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[event.key];
    if (step !== undefined && entries.length) {
      event.preventDefault();
      chosen = Math.abs(step) === 1 ? (chosen + step + entries.length) % entries.length : Math.max(0, Math.min(entries.length - 1, chosen + step));
      mark();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      go(entries[chosen], event.ctrlKey || event.metaKey);
    }
  });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("close", () => {
    looking?.abort();
    box.remove();
  });
  document.body.append(box);
  input.value = typed;
  draw();
  box.showModal();
  input.focus();
  if (meta("person")) void loadPlaces().then(() => { if (box.isConnected) draw(true); });
}
