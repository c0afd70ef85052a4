// Tells the service worker which record pages to keep for reading without a connection.
import { meta } from "../core/dom";

export function rememberVisit(): void {
  navigator.serviceWorker?.controller?.postMessage({ type: "visited", url: location.pathname, person: meta("person") });
}
