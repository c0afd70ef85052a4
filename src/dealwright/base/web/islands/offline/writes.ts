// Writes that could not be sent: kept in order, shown, and sent when the connection is back.
import { el, icon, meta, one } from "../core/dom";
import { dialog } from "../core/dialogs";
import { toast } from "../core/toast";
import { t } from "../core/words";
import { send } from "../core/write";
import { addWaiting, allWaiting, dropWaiting, putWaiting, type Waiting } from "./store";

export async function keepWrite(write: { address: string; body: unknown; title: string }): Promise<boolean> {
  try {
    await addWaiting({ ...write, at: Date.now(), person: meta("person") });
    await showWaiting();
    return true;
  } catch {
    return false;
  }
}

async function mine(): Promise<Waiting[]> {
  return (await allWaiting()).filter((each) => each.person === meta("person"));
}

/** The note in the top bar that says how much waits; it opens the list. */
export async function showWaiting(): Promise<void> {
  const waiting = await mine().catch(() => []);
  let note = one<HTMLButtonElement>("#waiting");
  if (!waiting.length) return note?.remove();
  if (!note) {
    note = el("button", { type: "button", class: "btn btn-quiet btn-small", id: "waiting" });
    note.addEventListener("click", () => void openWaiting());
    one(".tools")?.prepend(note);
  }
  const refused = waiting.filter((each) => each.refused).length;
  note.replaceChildren(icon(refused ? "circle-alert" : "cloud-upload"), refused ? t("{count} not sent", { count: refused }) : t("{count} will be sent", { count: waiting.length }));
}

let sending = false;

/** Send what waits, oldest first; one that is refused stays with the reason. */
export async function sendWaiting(): Promise<void> {
  if (sending || !navigator.onLine) return;
  sending = true;
  let sent = 0;
  try {
    for (const write of await mine()) {
      if (write.refused) continue;
      const answer = await send(write.address, write.body);
      if (answer.ok) {
        await dropWaiting(write.id!);
        sent += 1;
      } else if (answer.problem.status === 0) break;
      else {
        const current = answer.problem.current?.values as Record<string, { text: string }> | undefined;
        const now = current ? ` ${t("Now: {value}", { value: Object.values(current).map((each) => each.text || "–").join(", ") })}` : "";
        await putWaiting({ ...write, refused: answer.problem.title + now });
      }
    }
  } finally {
    sending = false;
  }
  if (sent) toast({ message: sent === 1 ? t("1 change sent.") : t("{count} changes sent.", { count: sent }) });
  await showWaiting();
}

async function openWaiting(): Promise<void> {
  const list = el("ul", { class: "stack-tight" });
  for (const write of await mine()) {
    const again = el("button", { type: "button", class: "btn btn-small" }, write.refused ? t("Send all the same") : t("Send now"));
    const drop = el("button", { type: "button", class: "btn btn-quiet btn-small" }, t("Discard"));
    const row = el("li", { class: "row-between" },
      el("div", { class: "grow" }, el("strong", {}, write.title), el("p", { class: "muted small" }, write.refused ?? t("Waits for a connection."))),
      el("div", { class: "row" }, again, drop));
    drop.addEventListener("click", async () => {
      await dropWaiting(write.id!);
      row.remove();
      await showWaiting();
    });
    again.addEventListener("click", async () => {
      // Sent without its version it overwrites what came in between: the person has seen it.
      const { refused, ...rest } = write;
      const body = refused && typeof write.body === "object" && write.body ? { ...write.body, version: undefined } : write.body;
      await putWaiting({ ...rest, body });
      row.remove();
      await sendWaiting();
    });
    list.append(row);
  }
  dialog(t("Changes that wait"), list);
}
