// A filter as the builder holds it, to and from the JSON of the address.

export interface FilterField {
  key: string;
  label: string;
  kind: string;
  ops: string[];
  options: [string, string][];
  leads_to: string;
}
export interface Condition { type: "condition"; field: string; op: string; value: unknown }
export interface Group { type: "group"; word: "all" | "any" | "none"; parts: Part[] }
export type Part = Condition | Group;
export type Tree = Record<string, unknown>;

export function readTree(tree: Tree): Group {
  const part = readPart(tree);
  return part?.type === "group" ? part : { type: "group", word: "all", parts: part ? [part] : [] };
}

function readPart(tree: Tree): Part | undefined {
  if ("field" in tree) return { type: "condition", field: String(tree.field), op: String(tree.op ?? "is"), value: tree.value };
  if (Array.isArray(tree.all)) return { type: "group", word: "all", parts: parts(tree.all) };
  if (Array.isArray(tree.any)) return { type: "group", word: "any", parts: parts(tree.any) };
  if (tree.not && typeof tree.not === "object") {
    const inner = readPart(tree.not as Tree);
    if (!inner) return undefined;
    return inner.type === "group" && inner.word === "any" ? { ...inner, word: "none" } : { type: "group", word: "none", parts: [inner] };
  }
  return undefined;
}

const parts = (list: unknown[]): Part[] => list.map((each) => readPart(each as Tree)).filter((each): each is Part => each !== undefined);

/** The JSON of the group; conditions that still lack a value are left out. */
export function writeTree(group: Group): Tree {
  const list = group.parts.map(writePart).filter((each): each is Tree => each !== undefined);
  if (!list.length) return {};
  if (group.word === "none") return { not: { any: list } };
  return { [group.word]: list };
}

function writePart(part: Part): Tree | undefined {
  if (part.type === "group") {
    const tree = writeTree(part);
    return Object.keys(tree).length ? tree : undefined;
  }
  if (!part.field) return undefined;
  if (valueless(part.op)) return { field: part.field, op: part.op };
  const empty = part.value === undefined || part.value === null || part.value === "" || (Array.isArray(part.value) && (!part.value.length || part.value.includes("")));
  return empty ? undefined : { field: part.field, op: part.op, value: part.value };
}

export const valueless = (op: string): boolean => ["empty", "not_empty", "is_me"].includes(op);
export const takesMany = (op: string): boolean => op === "in" || op === "not_in";
