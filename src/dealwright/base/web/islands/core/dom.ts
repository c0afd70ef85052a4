// Small helpers over the DOM.

export type Child = Node | string | null | undefined | false;

/** An element from a tag, its attributes and children; text is never read as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | null | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((each): each is Node | string => Boolean(each)));
  return made;
}

export function one<T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T | null {
  return root.querySelector<T>(selector);
}

export function all<T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T[] {
  return [...root.querySelectorAll<T>(selector)];
}

export function meta(name: string): string {
  return one<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

/** An icon of the sprite, whose hashed address is read from one that the page shows. */
export function icon(name: string, size = 16): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("width", String(size));
  svg.setAttribute("height", String(size));
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${meta("icons")}#${name}`);
  svg.append(use);
  return svg;
}

/** The elements of a piece of HTML that our own server made. */
export function parse(html: string): DocumentFragment {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function debounce<A extends unknown[]>(wait: number, run: (...args: A) => void): (...args: A) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), wait);
  };
}

/** Put a floating element next to another, inside the window. */
export function placeNear(floating: HTMLElement, anchor: Element, side: "below" | "end" = "below"): void {
  const box = anchor.getBoundingClientRect();
  const width = floating.offsetWidth;
  const height = floating.offsetHeight;
  const rtl = document.documentElement.dir === "rtl";
  const toEnd = floating.classList.contains("menu-end") !== rtl;
  let left = toEnd ? box.right - width : box.left;
  let top = box.bottom + 4;
  if (side === "end") {
    left = box.right + 4;
    top = box.top;
  }
  if (top + height > innerHeight - 8 && box.top - height - 4 > 8) top = box.top - height - 4;
  left = Math.max(8, Math.min(left, innerWidth - width - 8));
  top = Math.max(8, Math.min(top, innerHeight - height - 8));
  floating.style.left = `${left}px`;
  floating.style.top = `${top}px`;
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
