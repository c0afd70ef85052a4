// Keeps the shell and the last records for reading without a connection. Pages always come
// from the network while there is one.
export {};
declare const self: ServiceWorkerGlobalScope;

const VERSION = "__VERSION__";
const SHELL = `shell-${VERSION}`;
const MOST_RECORDS = 200;
const OFFLINE = "/offline";
const RECORD = /^\/[a-z][a-z0-9-]*\/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\/(side|facts|timeline))?$/;
const FILES = "__SHELL__" as unknown as string[];

const cacheName = (person: string): string => `records-${person}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SHELL).then(async (cache) => {
      await cache.addAll(Array.isArray(FILES) ? FILES : []);
      await cache.add(OFFLINE).catch(() => undefined);
      await self.skipWaiting();
    }),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== SHELL) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  const { type, person, url } = event.data as { type: string; person?: string; url?: string };
  if (type === "person") event.waitUntil(belongTo(person ?? ""));
  if (type === "forget") event.waitUntil(forget());
  if (type === "visited" && url && person) event.waitUntil(belongTo(person).then(() => keepWhole(url, person)));
});

/** Another person on this device starts with nothing kept. */
async function belongTo(person: string): Promise<void> {
  if (!person) return;
  for (const each of await caches.keys()) if (each.startsWith("records-") && each !== cacheName(person)) await caches.delete(each);
  const shell = await caches.open(SHELL);
  if (!(await shell.match(OFFLINE, { ignoreVary: true }))) await shell.add(OFFLINE).catch(() => undefined);
}

async function forget(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("records-")) await caches.delete(name);
  await (await caches.open(SHELL)).delete(OFFLINE);
}

/** A kept page of whoever was last signed in here. */
async function kept(path: string): Promise<Response | undefined> {
  for (const name of await caches.keys()) {
    if (!name.startsWith("records-")) continue;
    const found = await (await caches.open(name)).match(path, { ignoreVary: true });
    if (found) return found;
  }
  return undefined;
}

/** The record page and the parts that it loads afterwards. */
async function keepWhole(url: string, person: string): Promise<void> {
  const cache = await caches.open(cacheName(person));
  for (const part of [url, `${url}/side`]) {
    try {
      const response = await fetch(part, { headers: part === url ? {} : { "HX-Request": "true" }, credentials: "same-origin" });
      if (!response.ok || response.redirected) continue;
      // Whole before the older copy goes: a connection that breaks now must not cost both.
      const whole = new Response(await response.blob(), { headers: response.headers });
      await cache.delete(part);
      await cache.put(part, whole);
    } catch {
      return;
    }
  }
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST_RECORDS * 2))) await cache.delete(key);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/static/built/")) {
    event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
    return;
  }
  const isPage = request.mode === "navigate";
  if (!isPage && !RECORD.test(url.pathname)) return;
  event.respondWith(
    fetch(request).catch(async () => {
      if (RECORD.test(url.pathname)) {
        const found = await kept(url.pathname);
        if (found) return found;
      }
      if (isPage) {
        const page = await caches.match(OFFLINE, { ignoreVary: true });
        if (page) return page;
      }
      return Response.error();
    }),
  );
});
