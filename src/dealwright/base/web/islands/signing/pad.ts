// A pad on which a signature is drawn, kept as strokes (vectors, never pixels).
type Point = [number, number, number];

/** A drawing pad. Both axes in widths of the pad, so a turned phone changes nothing. */
export class Pad {
  strokes: Point[][] = [];
  private current: Point[] | null = null;
  private started = 0;
  private ratio = 0.4;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly changed: () => void) {
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"] as const) canvas.addEventListener(name, () => this.up());
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** Whether the browser lets the page draw; some block it against fingerprinting. */
  static canDraw(): boolean {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 2;
    try {
      const pen = canvas.getContext("2d");
      if (!pen) return false;
      pen.fillStyle = "#123456";
      pen.fillRect(0, 0, 2, 2);
      const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
      return red === 0x12 && green === 0x34 && blue === 0x56;
    } catch {
      return false;
    }
  }

  get isEmpty(): boolean {
    return this.strokes.length === 0;
  }

  get data(): { ratio: number; strokes: Point[][] } {
    return { ratio: Number(this.ratio.toFixed(4)), strokes: this.strokes };
  }

  undo(): void {
    this.strokes.pop();
    this.draw();
    this.changed();
  }

  clear(): void {
    this.strokes = [];
    this.canvas.style.aspectRatio = "";
    this.draw();
    this.changed();
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    if (!this.strokes.length) {
      // From the first stroke on the pad keeps its shape, however the window turns.
      const box = this.canvas.getBoundingClientRect();
      this.ratio = box.height / box.width;
      this.canvas.style.aspectRatio = String(box.width / box.height);
      this.started = event.timeStamp;
    }
    this.current = [this.point(event)];
    this.strokes.push(this.current);
    this.draw();
  }

  private move(event: PointerEvent): void {
    if (!this.current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.current.push(this.point(each));
    this.draw();
  }

  private up(): void {
    if (!this.current) return;
    this.current = null;
    this.changed();
  }

  private point(event: PointerEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    const inside = (value: number, most: number): number => Math.max(0, Math.min(most, value));
    return [
      Number(inside((event.clientX - box.left) / box.width, 1).toFixed(4)),
      Number(inside((event.clientY - box.top) / box.width, box.height / box.width).toFixed(4)),
      Math.max(0, Math.round(event.timeStamp - this.started)),
    ];
  }

  private draw(): void {
    const box = this.canvas.getBoundingClientRect();
    const density = devicePixelRatio || 1;
    this.canvas.width = Math.round(box.width * density);
    this.canvas.height = Math.round(box.height * density);
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.scale(box.width * density, box.width * density);
    pen.lineWidth = Math.max(2.2 / box.width, 0.006);
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#16224a";
    for (const stroke of this.strokes) {
      const [first, ...rest] = stroke;
      if (!first) continue;
      pen.beginPath();
      pen.moveTo(first[0], first[1]);
      if (!rest.length) pen.lineTo(first[0] + 0.001, first[1]);
      rest.forEach((point, at) => {
        const next = rest[at + 1] ?? point;
        pen.quadraticCurveTo(point[0], point[1], (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
      });
      pen.stroke();
    }
  }
}
