// The one way scripts write. What cannot be sent now is kept and sent later, visibly.
import { meta } from "./dom";
import { t } from "./words";

export interface Problem {
  title: string;
  status: number;
  code: string;
  fields: Record<string, string[]>;
  current?: Record<string, unknown>;
}
export type Data = Record<string, unknown>;
export type Answer = { ok: true; data: Data; queued?: boolean } | { ok: false; problem: Problem };

// Browsers let so many bytes go on after the page is left, in all.
const KEPT_ALIVE = 16_000;

export function headers(): Record<string, string> {
  return { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": meta("csrf-token") };
}

/** POST JSON to our own server; a refusal comes back as a problem, never as an exception. */
export async function send(address: string, body: unknown, options: { keep?: string } = {}): Promise<Answer> {
  let response: Response;
  const sent = JSON.stringify(body);
  try {
    response = await fetch(address, { method: "POST", headers: headers(), body: sent, credentials: "same-origin", keepalive: sent.length < KEPT_ALIVE });
  } catch {
    if (options.keep) {
      const { keepWrite } = await import("../offline/writes");
      if (await keepWrite({ address, body, title: options.keep })) return { ok: true, data: {}, queued: true };
    }
    return { ok: false, problem: { title: t("No connection. Nothing was saved."), status: 0, code: "offline", fields: {} } };
  }
  return answerOf(response);
}

/** POST a form with files to our own server; answers as `send` does. */
export async function sendFile(address: string, values: Record<string, string | Blob>): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.append(name, value);
  try {
    const response = await fetch(address, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": meta("csrf-token") }, body: form, credentials: "same-origin" });
    return await answerOf(response);
  } catch {
    return { ok: false, problem: { title: t("No connection. Nothing was saved."), status: 0, code: "offline", fields: {} } };
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const data = (await response.json().catch(() => ({}))) as Data;
  if (response.ok) return { ok: true, data };
  return {
    ok: false,
    problem: {
      title: String(data.detail ?? t("This did not work.")),
      status: response.status,
      code: String(data.code ?? ""),
      fields: (data.errors ?? {}) as Record<string, string[]>,
      ...(data.current ? { current: data.current as Data } : {}),
    },
  };
}

/** The writes of this page that are shown already and not answered yet, with their records. */
const underWay = new Map<Promise<boolean>, string>();
export const isWriting = (): boolean => underWay.size > 0;
/** Resolves when what was being written at the call is answered and shown. */
export const written = async (record?: string): Promise<void> => {
  const waiting = [...underWay].filter(([, of]) => record === undefined || of === record).map(([write]) => write);
  await Promise.allSettled(waiting);
};
// What is sent goes on when the page is left; what still waits for its turn would not.
addEventListener("beforeunload", (event) => {
  if (underWay.size > 1) event.preventDefault();
});

interface Steps {
  record: string; // its writes go out one after the other, so that none meets the version of its predecessor
  show: () => void;
  write: () => Promise<Answer>;
  done: (data: Data, queued: boolean) => void;
  undo: (problem: Problem) => void;
}

/** Show a change at once, write it, and put it back with a word where it is refused. */
export function optimistically(steps: Steps): Promise<boolean> {
  steps.show();
  const write = settle(steps, written(steps.record));
  underWay.set(write, steps.record);
  return write.finally(() => underWay.delete(write));
}

async function settle(steps: Steps, before: Promise<void>): Promise<boolean> {
  await before;
  const answer = await steps.write();
  if (answer.ok) {
    steps.done(answer.data, answer.queued === true);
    return true;
  }
  steps.undo(answer.problem);
  return false;
}

/** GET a fragment of HTML. */
export async function fragment(address: string, signal?: AbortSignal): Promise<string> {
  const response = await fetch(address, {
    headers: { "HX-Request": "true", Accept: "text/html" },
    credentials: "same-origin",
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

/** GET JSON. */
export async function getJson<T>(address: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(address, {
    headers: { Accept: "application/json" },
    credentials: "same-origin",
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as T;
}
