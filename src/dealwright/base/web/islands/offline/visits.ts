// Tells the service worker which record pages to keep for reading without a connection.
export function rememberVisit(): void {
  navigator.serviceWorker?.controller?.postMessage({ type: "visited", url: location.pathname });
}
