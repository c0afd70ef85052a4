// A field on a page as the editor of fields has it, and the arithmetic of its place.
import { all } from "../core/dom";

export interface Field {
  id: string;
  document: string;
  owner: string;
  kind: string;
  page: number;
  x: number;
  y: number;
  w: number;
  h: number;
  label: string;
  required: boolean;
  [property: string]: unknown;
}
export interface Setup {
  owners: { id: string; name: string; tint: number }[];
  kinds: Record<string, string>;
  sizes: Record<string, [number, number]>;
  fields: Field[];
}
export type Box = Pick<Field, "x" | "y" | "w" | "h">;

export const LEAST = 8; // points, of a side
const NEAR = 5; // pixels within which an edge snaps to another

export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Width and height of a page, in points. */
export function sizeOf(page: HTMLElement): [number, number] {
  return [Number(page.dataset.width), Number(page.dataset.height)];
}

/** The box, moved and made smaller until it lies on its page. */
export function inside(box: Box): Box {
  const w = Math.min(Math.max(box.w, 0.004), 1);
  const h = Math.min(Math.max(box.h, 0.004), 1);
  return { w, h, x: Math.min(Math.max(box.x, 0), 1 - w), y: Math.min(Math.max(box.y, 0), 1 - h) };
}

const GAP = 0.008; // of the page's height, between fields that are placed one after the other

/** The box, moved down until it lies over no other; where no place is left it stays. */
export function freeBelow(box: Box, others: Box[]): Box {
  const free = { ...box };
  for (const other of [...others].sort((a, b) => a.y - b.y)) {
    const apart = other.x >= free.x + free.w || other.x + other.w <= free.x || other.y >= free.y + free.h || other.y + other.h <= free.y;
    if (!apart) free.y = other.y + other.h + GAP;
  }
  return free.y + free.h <= 1 ? free : box;
}

/** Whether a page lies under the pointer. */
export function covers(page: HTMLElement, at: { clientX: number; clientY: number }): boolean {
  const sheet = page.getBoundingClientRect();
  return at.clientX >= sheet.left && at.clientX <= sheet.right && at.clientY >= sheet.top && at.clientY <= sheet.bottom;
}

/** The box drawn to edges and middles of others on the page, with a line that shows each. */
export function snapped(box: Box, others: Box[], page: HTMLElement, resizing: boolean): Box {
  const sheet = page.getBoundingClientRect();
  const result = { ...box };
  for (const [at, size, pixels] of [["x", "w", sheet.width], ["y", "h", sheet.height]] as const) {
    const own = resizing ? [box[at] + box[size]] : [box[at], box[at] + box[size] / 2, box[at] + box[size]];
    const lines = others.flatMap((each) => [each[at], each[at] + each[size] / 2, each[at] + each[size]]);
    let best = NEAR / pixels;
    let by = 0;
    let shown: number | null = null;
    for (const edge of own) {
      for (const line of lines) {
        if (Math.abs(line - edge) >= best) continue;
        best = Math.abs(line - edge);
        by = line - edge;
        shown = line;
      }
    }
    if (shown === null) continue;
    if (resizing) result[size] += by;
    else result[at] += by;
    const guide = document.createElement("span");
    guide.className = `envelope-guide envelope-guide-${at}`;
    guide.style[at === "x" ? "left" : "top"] = `${shown * 100}%`;
    page.append(guide);
  }
  return result;
}

/** Takes the lines away that ``snapped`` drew. */
export function withoutGuides(root: HTMLElement): void {
  for (const line of all(".envelope-guide", root)) line.remove();
}
