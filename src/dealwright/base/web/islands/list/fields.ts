// What the page says about the fields of an object.

export interface FieldInfo {
  key: string;
  label: string;
  kind: string;
  editable: boolean;
  required: boolean;
  options: [string, string][];
  relation: string;
  help: string;
}

export function readFields(object: string): Map<string, FieldInfo> {
  const place = document.getElementById(`fields-${object}`);
  const list = JSON.parse(place?.textContent || "[]") as FieldInfo[];
  return new Map(list.map((field) => [field.key, field]));
}

export const isNumeric = (kind: string): boolean => ["money", "number", "integer", "percent"].includes(kind);

/** What a person types into a number field, as the server takes it: "1.234,5" and "1,234.5". */
export function plainNumber(typed: string): string {
  let text = typed.replace(/[\s\u00a0\u202f']/g, "").replace(/[^\d.,\-+eE]/g, "");
  const comma = text.lastIndexOf(",");
  const point = text.lastIndexOf(".");
  if (comma >= 0 && point >= 0) text = comma > point ? text.replace(/\./g, "").replace(",", ".") : text.replace(/,/g, "");
  else if (comma >= 0) {
    const groups = text.split(",");
    const grouped = groups.length > 1 && groups.slice(1).every((group) => group.length === 3) && document.documentElement.lang.startsWith("en");
    text = grouped ? groups.join("") : groups.length === 2 ? text.replace(",", ".") : groups.join("");
  } else if (point >= 0 && text.split(".").length > 2) text = text.replace(/\./g, "");
  return text;
}
