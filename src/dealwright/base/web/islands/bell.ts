// How many notices wait, kept fresh by the live stream.
import { one } from "./core/dom";
import type { Mount } from "./core/mount";
import { getJson } from "./core/write";
import { onLive } from "./live";

export const mount: Mount = (element) => {
  const place = one(".bell-count", element);
  const show = async (): Promise<void> => {
    const { count } = await getJson<{ count: number }>("/notices/count").catch(() => ({ count: 0 }));
    if (!place) return;
    place.hidden = count === 0;
    place.textContent = count > 99 ? "99+" : String(count);
  };
  void show();
  return onLive((event) => {
    if (event.name.startsWith("notice.")) void show();
  });
};
