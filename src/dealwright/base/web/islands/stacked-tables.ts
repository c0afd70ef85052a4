// On a phone a table of four columns or more, or one that is too wide, stands as cards
// (phone-tables.css): each cell learns the name of its column, which no heading shows there.
import { all, one } from "./core/dom";

const FEWEST = 4;

export function startStackedTables(): void {
  stack();
  document.addEventListener("htmx:after:swap", stack);
}

function stack(): void {
  for (const table of all<HTMLTableElement>(".table-scroll > .table:not(.lines, .access-table, [data-stacked])")) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    if ((heads.length < FEWEST && !isTooWide(table)) || table.closest(".mapping")) continue;
    const names = heads.map((head) => (head.querySelector(".sr-only") ? "" : head.textContent.trim()));
    const first = table.tBodies[0]?.rows[0]?.cells;
    const title = names.findIndex((name, at) => name !== "" && !first?.[at]?.classList.contains("num"));
    for (const row of all<HTMLTableRowElement>(":scope > tbody > tr, :scope > tfoot > tr", table)) {
      let at = 0;
      for (const cell of row.cells) {
        const name = names[at] ?? "";
        if (at === title) cell.dataset.head = "";
        else if (name && at > title && !isEmpty(cell) && cell.colSpan < heads.length) cell.dataset.label = name;
        at += cell.colSpan;
      }
    }
    table.dataset.stacked = "";
  }
}

function isEmpty(cell: HTMLTableCellElement): boolean {
  return cell.textContent.trim() === "" && !one("input, select, textarea", cell);
}

function isTooWide(table: HTMLTableElement): boolean {
  return table.offsetWidth > (table.parentElement?.clientWidth ?? Infinity);
}
