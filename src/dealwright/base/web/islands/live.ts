// What others change, as it happens: one server-sent stream for all tabs of the browser.
import { meta } from "./core/dom";

export interface Live { name: string; object: string; record_id: string }
type Listener = (event: Live) => void;

const listeners = new Set<Listener>();
let source: EventSource | undefined;
let channel: BroadcastChannel | undefined;
let release: (() => void) | undefined;

export function onLive(listener: Listener): () => void {
  listeners.add(listener);
  if (listeners.size === 1) begin();
  return () => void listeners.delete(listener);
}

function tell(event: Live): void {
  for (const listener of listeners) listener(event);
}

function connect(): void {
  const address = meta("events-address");
  if (!address || source) return;
  source = new EventSource(address, { withCredentials: true });
  const receive = (message: MessageEvent<string>): void => {
    try {
      const event = JSON.parse(message.data) as Live;
      tell(event);
      channel?.postMessage(event);
    } catch {
      // Not one of ours: a comment or a proxy's word.
    }
  };
  source.addEventListener("message", receive);
  // Too much was missed to tell it one by one.
  source.addEventListener("reset", () => document.hidden || location.reload());
}

function disconnect(): void {
  source?.close();
  source = undefined;
}

/** One tab holds the stream and tells the others; where locks are missing each visible tab has its own. */
function begin(): void {
  if (!meta("events-address")) return;
  if (navigator.locks && "BroadcastChannel" in window) {
    channel = new BroadcastChannel("dw:live");
    channel.addEventListener("message", (message: MessageEvent<Live>) => tell(message.data));
    const lead = (): void =>
      void navigator.locks.request("dw:live", () => {
        connect();
        return new Promise<void>((resolve) => (release = resolve));
      });
    lead();
    addEventListener("pagehide", () => {
      disconnect();
      release?.();
    });
    window.addEventListener("pageshow", (event) => event.persisted && lead());
    return;
  }
  const follow = (): void => (document.hidden ? disconnect() : connect());
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", disconnect);
  follow();
}
