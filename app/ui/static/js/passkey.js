// Forms that a passkey fills in: made (`enrol`), shown to open the vault (`open`), or shown after the passphrase (`second`).
//
// The authenticator's PRF turns one constant input into 32 bytes of its own. They stay here: what is sent is derived from
// them (vault/FORMAT.md, "Key slots"), and the part of the answer that would hold them is left out.
const LABEL = new TextEncoder().encode("bothways/passkey/v1");
const PRF = { prf: { eval: { first: new TextEncoder().encode("bothways/prf/v1") } } };

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function derived(output) {
  const raw = new Uint8Array(output);
  const key = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveBits"]);
  raw.fill(0);
  const info = new Uint8Array([0, 0, 0, LABEL.length, ...LABEL]);
  return text(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, key, 256));
}

async function question(form) {
  const fields = { csrf: form.elements.csrf.value, for: form.dataset.passkey };
  const answer = await fetch(form.dataset.challenge, { method: "POST", body: new URLSearchParams(fields) });
  if (!answer.ok || answer.redirected) {
    throw new DOMException("", "StaleError");
  }
  return answer.json();
}

const listed = (list) => (list ?? []).map((one) => ({ type: "public-key", id: bytes(one.id) }));

async function create(form) {
  const options = await question(form);
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: listed(options.excludeCredentials),
      extensions: PRF,
    },
  });
  const { clientDataJSON, attestationObject } = made.response;
  fill(form, made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) });
  const prf = made.getClientExtensionResults().prf;
  // Many authenticators say at the making only that they can, and answer when the passkey is shown.
  return prf?.results?.first ?? (prf?.enabled ? evaluated(made.rawId, options.rp.id) : undefined);
}

async function evaluated(id, rpId) {
  // Only the PRF's answer is wanted here; nobody checks this signature, so nobody need have asked the question.
  const challenge = crypto.getRandomValues(new Uint8Array(32));
  const allowCredentials = [{ type: "public-key", id }];
  const shown = await navigator.credentials.get({ publicKey: { challenge, rpId, allowCredentials, userVerification: "required", extensions: PRF } });
  return shown.getClientExtensionResults().prf?.results?.first;
}

async function show(form, extensions) {
  const options = await question(form);
  const shown = await navigator.credentials.get({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: listed(options.allowCredentials), extensions },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = shown.response;
  const parts = { clientDataJSON, authenticatorData, signature, ...(userHandle && { userHandle }) };
  fill(form, shown, Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, text(part)])));
  return shown.getClientExtensionResults().prf?.results?.first;
}

function fill(form, { id, rawId, type }, response) {
  form.elements.credential.value = JSON.stringify({ id, rawId: text(rawId), type, response, clientExtensionResults: {} });
}

function say(form, what) {
  for (const line of form.querySelectorAll("[data-when]")) {
    line.hidden = line.dataset.when !== what;
  }
}

const SAID = { StaleError: "stale", InvalidStateError: "exists", SecurityError: "unsupported", NotSupportedError: "unsupported" };

async function answer(form) {
  const mode = form.dataset.passkey;
  try {
    const output = mode === "enrol" ? await create(form) : await show(form, mode === "open" ? PRF : {});
    if (output && mode !== "second") {
      form.elements.secret.value = await derived(output);
    } else if (mode !== "second") {
      say(form, "no-prf");
      return;
    }
    form.submit();
  } catch (failed) {
    say(form, SAID[failed.name] ?? "refused");
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = false;
  if (!globalThis.PublicKeyCredential) {
    say(form, "unsupported");
    continue;
  }
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.hasAttribute("data-as-it-is")) {
      return;
    }
    event.preventDefault();
    const button = form.querySelector("[data-go]");
    button.disabled = true;
    say(form, "waiting");
    await answer(form);
    button.disabled = false;
  });
}
