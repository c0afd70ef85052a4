// The text of the pages, laid exactly over their pictures, so that it can be selected and found.
// pdf.js reads it from the document in a worker. It draws nothing and runs nothing of the document:
// what is seen are the server's pictures, and where no text can be had they stay as they are.
import { el, one } from "../core/dom";

type Reader = typeof import("./pdf");
type Task = ReturnType<Reader["getDocument"]>;
interface Opened {
  reader: Reader;
  worker: InstanceType<Reader["PDFWorker"]>;
}

// A short document comes at once, a long one in the pieces that the near pages need.
const AT_ONCE = 2 ** 20;
const PIECE = 2 ** 17;
const MOST_DOCUMENTS = 3;

export class TextLayers {
  private readonly wanted = new Set<HTMLElement>();
  private readonly laid = new Map<HTMLElement, () => void>();
  private readonly tasks = new Map<HTMLElement, Task>();
  private readonly sizes = new ResizeObserver((entries) => entries.forEach((entry) => this.fit(entry.target as HTMLElement)));
  private opened: Promise<Opened> | null = null;
  private port: Worker | null = null;
  private stopped = false;

  /** `worker` and `cmaps` are addresses of our own: of the worker, and of the folder with tables. */
  constructor(private readonly worker: string, private readonly cmaps: string) {}

  /** A page comes near: its text is wanted. */
  show(page: HTMLElement): void {
    if (this.stopped || this.wanted.has(page)) return;
    this.wanted.add(page);
    this.lay(page).catch(() => this.release(page));
  }

  /** A page is far: nothing of it is kept. */
  release(page: HTMLElement): void {
    this.wanted.delete(page);
    this.laid.get(page)?.();
    this.laid.delete(page);
    if (this.tasks.size > MOST_DOCUMENTS) this.closeUnwanted();
  }

  /** The worker cannot be had, or the leave to read has ended: the pictures do without. */
  stop(): void {
    this.stopped = true;
    for (const page of [...this.wanted]) this.release(page);
    this.sizes.disconnect();
    this.tasks.clear();
    this.port?.terminate();
  }

  private async lay(page: HTMLElement): Promise<void> {
    const document = page.closest<HTMLElement>("[data-content]");
    if (!document) return;
    this.opened ??= this.open();
    const { reader, worker } = await this.opened;
    if (!this.wanted.has(page)) return;
    const task = this.tasks.get(document) ?? this.read(document, reader, worker);
    const source = await (await task.promise).getPage(Number(page.dataset.page));
    if (!this.wanted.has(page)) return;
    const viewport = source.getViewport({ scale: 1 });
    const place = el("div", { class: "sign-page-text" });
    const layer = new reader.TextLayer({ textContentSource: source.streamTextContent(), container: place, viewport });
    // As wide as the page seen upright, in its own units: the style turns and scales it.
    const { pageWidth, pageHeight } = viewport.rawDims as { pageWidth: number; pageHeight: number };
    place.style.width = `calc(var(--total-scale-factor) * ${pageWidth}px)`;
    place.style.height = `calc(var(--total-scale-factor) * ${pageHeight}px)`;
    place.dataset.across = String(viewport.rotation % 180 ? pageHeight : pageWidth);
    this.laid.set(page, () => layer.cancel());
    await layer.render();
    source.cleanup();
    if (!this.wanted.has(page) || !place.textContent?.trim()) return;
    this.put(page, place);
  }

  /** Show the text over the picture; nobody has to hear it twice. */
  private put(page: HTMLElement, place: HTMLElement): void {
    const told = one("[data-page-text]", page);
    one("img", page)?.after(place);
    this.fit(page);
    this.sizes.observe(page);
    // Where words are struck out or inserted, the text that says so is the one that is heard.
    if ("redlined" in page.dataset) place.setAttribute("aria-hidden", "true");
    else if (told) told.hidden = true;
    this.laid.set(page, () => {
      this.sizes.unobserve(page);
      place.remove();
      if (told) told.hidden = false;
    });
  }

  private fit(page: HTMLElement): void {
    const place = one(".sign-page-text", page);
    place?.style.setProperty("--total-scale-factor", String(page.clientWidth / Number(place.dataset.across)));
  }

  private async open(): Promise<Opened> {
    const reader = await import("./pdf");
    this.port = new Worker(this.worker, { type: "module" });
    this.port.addEventListener("error", () => this.stop());
    return { reader, worker: new reader.PDFWorker({ port: this.port as unknown as null, verbosity: reader.VerbosityLevel.ERRORS }) };
  }

  private read(document: HTMLElement, reader: Reader, worker: Opened["worker"]): Task {
    const size = Number(document.dataset.size);
    const pieces = new reader.PDFDataRangeTransport(size, null);
    const left = new AbortController();
    pieces.requestDataRange = (begin: number, end: number): void => {
      this.fetchPiece(document.dataset.content ?? "", begin, end, left.signal).then(
        (piece) => pieces.onDataRange(begin, piece),
        () => left.signal.aborted || this.stop(),
      );
    };
    pieces.abort = () => left.abort();
    const task = reader.getDocument({
      range: pieces,
      rangeChunkSize: size <= AT_ONCE ? size : PIECE,
      disableAutoFetch: true,
      disableStream: true,
      worker,
      verbosity: reader.VerbosityLevel.ERRORS,
      enableXfa: false,
      useWasm: false,
      disableFontFace: true,
      useSystemFonts: true,
      useWorkerFetch: true,
      cMapUrl: new URL(this.cmaps, location.href).href,
    });
    this.tasks.set(document, task);
    return task;
  }

  private async fetchPiece(address: string, begin: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const response = await fetch(address, { headers: { Range: `bytes=${begin}-${end - 1}` }, credentials: "same-origin", signal });
    if (response.status !== 206) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  private closeUnwanted(): void {
    for (const [document, task] of this.tasks) {
      if (this.tasks.size <= MOST_DOCUMENTS) return;
      if ([...this.wanted].some((page) => document.contains(page))) continue;
      this.tasks.delete(document);
      task.destroy().catch(() => undefined);
    }
  }
}
