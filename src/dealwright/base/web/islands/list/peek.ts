// A look at a record beside the list, without leaving it.
import { all, one, parse } from "../core/dom";
import { fragment } from "../core/write";

export class Peek {
  private readonly panel = one("#peek");
  private asked: AbortController | undefined;
  private shown = "";

  get isOpen(): boolean {
    return Boolean(this.panel && !this.panel.hidden);
  }

  toggle(row: HTMLTableRowElement | undefined): void {
    if (!row) return;
    if (this.isOpen && this.shown === row.dataset.url) this.close();
    else void this.show(row);
  }

  async show(row: HTMLTableRowElement): Promise<void> {
    if (!this.panel || !row.dataset.url) return;
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    try {
      const html = await fragment(`${row.dataset.url}/peek`, asked.signal);
      this.panel.replaceChildren(parse(html));
      this.panel.hidden = false;
      this.shown = row.dataset.url;
      for (const each of all("tr.peeked")) each.classList.remove("peeked");
      row.classList.add("peeked");
      one("[data-peek-close]", this.panel)?.addEventListener("click", () => this.close());
    } catch {
      if (!asked.signal.aborted) this.close();
    }
  }

  close(): void {
    if (!this.panel || this.panel.hidden) return;
    const row = one<HTMLTableRowElement>("tr.peeked");
    const hadFocus = this.panel.contains(document.activeElement);
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.shown = "";
    row?.classList.remove("peeked");
    if (hadFocus) row?.focus();
  }
}
