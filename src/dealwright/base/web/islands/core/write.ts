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

export function headers(): Record<string, string> {
  return { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": meta("csrf-token") };
}

/** POST JSON to our own server; a refusal comes back as a problem, never as an exception. */
export async function send(address: string, body: unknown, options: { keep?: string } = {}): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(address, { method: "POST", headers: headers(), body: JSON.stringify(body), credentials: "same-origin" });
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

/** Show a change at once, write it, and put it back with a word where it is refused. */
export async function optimistically(steps: {
  show: () => void;
  write: () => Promise<Answer>;
  done: (data: Data, queued: boolean) => void;
  undo: (problem: Problem) => void;
}): Promise<boolean> {
  steps.show();
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
