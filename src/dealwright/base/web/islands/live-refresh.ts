// A part of a page that is fetched anew when something it shows has changed: `data-names` holds
// beginnings of event names, `data-url` where the part comes from (this page when left out).
import { onLive } from "./live";
import type { Mount } from "./core/mount";

const REST_MS = 250;

export const mount: Mount = (element) => {
  const names = (element.dataset.names ?? "").split(" ").filter(Boolean);
  let timer: number | undefined;
  const refresh = async (): Promise<void> => {
    timer = undefined;
    const answer = await fetch(element.dataset.url ?? location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || !element.isConnected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(element.id);
    if (fresh) element.replaceChildren(...Array.from(fresh.childNodes));
  };
  return onLive((event) => {
    if (timer !== undefined || !names.some((name) => event.name.startsWith(name))) return;
    timer = window.setTimeout(() => void refresh(), REST_MS);
  });
};
