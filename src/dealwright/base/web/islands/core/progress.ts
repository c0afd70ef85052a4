// The bar at the top of the page: shown only when something takes longer than 300 ms.
const PATIENCE = 300;
let waiting = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

function bar(): HTMLElement | null {
  return document.getElementById("page-progress");
}

export function busy(): () => void {
  waiting += 1;
  timer ??= setTimeout(() => bar()?.removeAttribute("hidden"), PATIENCE);
  let over = false;
  return () => {
    if (over) return;
    over = true;
    waiting -= 1;
    if (waiting > 0) return;
    clearTimeout(timer);
    timer = undefined;
    bar()?.setAttribute("hidden", "");
  };
}

export function startProgress(): void {
  const running = new WeakMap<object, () => void>();
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = (event as CustomEvent).detail;
    running.set(ctx, busy());
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = (event as CustomEvent).detail;
    running.get(ctx)?.();
  });
  let leaving: (() => void) | undefined;
  addEventListener("beforeunload", () => (leaving = busy()));
  addEventListener("pageshow", () => leaving?.());
  // A download starts without leaving the page.
  document.addEventListener("visibilitychange", () => leaving?.());
}
