// Islands: the code of an element with `data-island="name"` is fetched when it appears and
// its `mount` called once. `mount` may return what undoes it.
import { doEarlyActs } from "./early-acts";

export type Mount = (element: HTMLElement) => void | (() => void);
type Loader = () => Promise<{ mount: Mount }>;

const loaders = new Map<string, Loader>();
const mounted = new WeakMap<HTMLElement, () => void>();
const started = new WeakSet<HTMLElement>();

export function island(name: string, loader: Loader): void {
  loaders.set(name, loader);
}

async function start(element: HTMLElement): Promise<void> {
  if (started.has(element)) return;
  started.add(element);
  for (const name of (element.dataset.island ?? "").split(" ")) {
    const loader = loaders.get(name);
    if (!loader) continue;
    const found = await loader().catch(() => null);
    if (!element.isConnected) return;
    // What could not be fetched: links and forms go their way without it.
    const undo = found?.mount(element);
    if (undo) mounted.set(element, undo);
  }
  element.dataset.ready = "";
  doEarlyActs();
}

function eachIsland(node: Node, run: (element: HTMLElement) => void): void {
  if (!(node instanceof HTMLElement)) return;
  if (node.dataset.island) run(node);
  for (const inner of node.querySelectorAll<HTMLElement>("[data-island]")) run(inner);
}

/** Start what the page has, and from now on what any swap brings in. */
export function mountIslands(): void {
  eachIsland(document.body, (element) => void start(element));
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.removedNodes) {
        eachIsland(node, (element) => {
          if (element.isConnected) return;
          mounted.get(element)?.();
          mounted.delete(element);
          started.delete(element);
        });
      }
      for (const node of change.addedNodes) eachIsland(node, (element) => void start(element));
    }
  }).observe(document.body, { childList: true, subtree: true });
}
