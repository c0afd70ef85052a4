// The words that scripts show. English is the key; other languages come with the page.

let known: Record<string, string> | undefined;

/** The text in the reader's language; `{name}` places are filled from `values`. */
export function t(text: string, values: Record<string, string | number> = {}): string {
  if (known === undefined) {
    const place = document.getElementById("words");
    known = place?.textContent ? (JSON.parse(place.textContent) as Record<string, string>) : {};
  }
  const found = known[text] || text;
  return found.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
