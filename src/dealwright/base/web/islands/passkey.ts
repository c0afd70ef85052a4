// A form that asks the device for a passkey and carries the answer to the server.
// `data-mode`: "create" makes one, "get" proves one, "login" fetches the options first.
import type { Mount } from "./core/mount";
import { one } from "./core/dom";
import { t } from "./core/words";

type Json = Record<string, unknown>;

const bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (each) => each.charCodeAt(0));
};

const text = (buffer: ArrayBuffer | null): string | undefined => {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

/** Ids and challenges travel as base64url text; the browser wants bytes. The site's id is a name. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as Json).map(([key, each]) => [
      key,
      key === "rp" ? each : (key === "challenge" || key === "id") && typeof each === "string" ? bytes(each) : withBytes(each),
    ]),
  );
}

function plain(credential: PublicKeyCredential): Json {
  const { response } = credential;
  const shared = { clientDataJSON: text(response.clientDataJSON) };
  const answer =
    response instanceof AuthenticatorAttestationResponse
      ? { ...shared, attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] }
      : response instanceof AuthenticatorAssertionResponse
        ? {
            ...shared,
            authenticatorData: text(response.authenticatorData),
            signature: text(response.signature),
            userHandle: text(response.userHandle),
          }
        : shared;
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** Only a key that the device keeps and that checks its holder can stand in for the password. */
function asPasskey(publicKey: Json, alone: boolean): Json {
  const wanted = alone
    ? { residentKey: "required", requireResidentKey: true, userVerification: "required" }
    : { residentKey: "discouraged", requireResidentKey: false };
  return { ...publicKey, authenticatorSelection: { ...(publicKey.authenticatorSelection as Json), ...wanted } };
}

async function options(form: HTMLFormElement): Promise<Json> {
  if (form.dataset.options) return JSON.parse(form.dataset.options) as Json;
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return ((await answer.json()) as { request_options: Json }).request_options;
}

async function ask(form: HTMLFormElement): Promise<PublicKeyCredential | null> {
  const publicKey = (await options(form)).publicKey as Json;
  const asGiven = "verify" in form.dataset; // a signer's: the server says what is wanted
  if (form.dataset.mode !== "create") {
    const found = await navigator.credentials.get({ publicKey: withBytes(publicKey) as PublicKeyCredentialRequestOptions });
    return found as PublicKeyCredential | null;
  }
  const alone = one<HTMLInputElement>("[name=passwordless]", form)?.checked ?? false;
  const made = await navigator.credentials.create({
    publicKey: withBytes(asGiven ? publicKey : asPasskey(publicKey, alone)) as PublicKeyCredentialCreationOptions,
  });
  return made as PublicKeyCredential | null;
}

function sentence(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return t("Nothing was confirmed. Try again when you are ready.");
  if (name === "InvalidStateError") return t("This device has a passkey for your account already.");
  if (name === "SecurityError") return t("Passkeys work only over https, or on this machine itself.");
  return t("The passkey could not be used. Try again, or sign in another way.");
}

export const mount: Mount = (element) => {
  const form = element as HTMLFormElement;
  const button = one<HTMLButtonElement>("[data-passkey]", form);
  const trouble = one("[data-passkey-error]", form);
  const credential = one<HTMLInputElement>("[name=credential]", form);
  if (!button || !trouble || !credential) return;
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    trouble.textContent = t("This browser knows no passkeys here; they need https.");
    trouble.hidden = false;
    return;
  }
  form.addEventListener("submit", async (event) => {
    if (credential.value) return;
    event.preventDefault();
    trouble.hidden = true;
    button.disabled = true;
    try {
      const found = await ask(form);
      if (found) {
        credential.value = JSON.stringify(plain(found));
        form.submit();
      }
    } catch (error) {
      trouble.textContent = sentence(error);
      trouble.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
};
