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

let records = "records-";

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
  if (type === "visited" && url) event.waitUntil(keepWhole(url));
});

/** Another person on this device starts with nothing kept. */
async function belongTo(person: string): Promise<void> {
  if (!person) return;
  const name = `records-${person}`;
  for (const each of await caches.keys()) if (each.startsWith("records-") && each !== name) await caches.delete(each);
  records = name;
}

async function forget(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("records-")) await caches.delete(name);
  await (await caches.open(SHELL)).delete(OFFLINE);
}

async function cacheOfPerson(): Promise<Cache> {
  if (records === "records-") records = (await caches.keys()).find((name) => name.startsWith("records-")) ?? records;
  return caches.open(records);
}

/** The record page and the parts that it loads afterwards. */
async function keepWhole(url: string): Promise<void> {
  const cache = await cacheOfPerson();
  for (const part of [url, `${url}/side`]) {
    try {
      const response = await fetch(part, { headers: part === url ? {} : { "HX-Request": "true" }, credentials: "same-origin" });
      if (response.ok && !response.redirected) {
        await cache.delete(part);
        await cache.put(part, response);
      }
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
        const found = await (await cacheOfPerson()).match(url.pathname);
        if (found) return found;
      }
      if (isPage) {
        const page = await caches.match(OFFLINE);
        if (page) return page;
      }
      return Response.error();
    }),
  );
});
