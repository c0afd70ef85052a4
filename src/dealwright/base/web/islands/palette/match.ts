// How well words match what was typed: letters in order, whole words, and one typing error.

/** 0 when `text` does not match, else higher the better. */
export function score(typed: string, text: string): number {
  const needle = fold(typed);
  const hay = fold(text);
  if (!needle) return 1;
  if (hay === needle) return 100;
  if (hay.startsWith(needle)) return 90 - hay.length / 100;
  const words = hay.split(/[\s\-·/]+/);
  if (words.some((word) => word.startsWith(needle))) return 80 - hay.length / 100;
  const parts = needle.split(/\s+/);
  if (parts.length > 1 && parts.every((part) => words.some((word) => word.startsWith(part) || near(part, word)))) return 70;
  if (hay.includes(needle)) return 60;
  if (needle.length >= 2 && words.map((word) => word[0]).join("").startsWith(needle)) return 55;
  if (needle.length >= 4 && words.some((word) => near(needle, word))) return 45;
  return inOrder(needle, hay);
}

export function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/** Whether `typed` is the beginning of `word` but for one error (two from eight letters on). */
function near(typed: string, word: string): boolean {
  const allowed = typed.length >= 8 ? 2 : 1;
  if (typed.length < 3) return false;
  for (let cut = -allowed; cut <= allowed; cut += 1) {
    if (distance(typed, word.slice(0, typed.length + cut), allowed) <= allowed) return true;
  }
  return false;
}

/** Damerau-Levenshtein (adjacent swaps count once), given up beyond `limit`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    before = last;
    last = row;
  }
  return last[b.length]!;
}

function inOrder(needle: string, hay: string): number {
  if (needle.length < 3) return 0;
  let at = -1;
  let gaps = 0;
  for (const letter of needle.replace(/\s/g, "")) {
    const next = hay.indexOf(letter, at + 1);
    if (next < 0) return 0;
    if (at >= 0) gaps += next - at - 1;
    at = next;
  }
  return gaps > needle.length * 2 ? 0 : 30 - gaps;
}
