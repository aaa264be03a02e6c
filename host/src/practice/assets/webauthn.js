// Takes the options of the button to a security key, and its answer to the form. Everything else works without script.
"use strict";

const bytes = (text) => {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
};
const text = (buffer) => {
  const characters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const withIds = (list) => (list ?? []).map((credential) => ({ ...credential, id: bytes(credential.id) }));

// For browsers from before WebAuthn Level 3, which have no parse…FromJSON.
const creationOptions = (json) =>
  PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: withIds(json.excludeCredentials),
  };
const requestOptions = (json) =>
  PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: bytes(json.challenge),
    allowCredentials: withIds(json.allowCredentials),
  };

// By hand: some password managers answer with objects that have no toJSON.
const answerOf = ({ id, rawId, type, authenticatorAttachment, response }) => {
  const members = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    members.attestationObject = text(response.attestationObject);
    members.transports = response.getTransports?.() ?? [];
  } else {
    members.authenticatorData = text(response.authenticatorData);
    members.signature = text(response.signature);
    members.userHandle = response.userHandle ? text(response.userHandle) : undefined;
  }
  return { id, rawId: text(rawId), type, authenticatorAttachment, response: members, clientExtensionResults: {} };
};

const ask = async (button) => {
  const form = button.form;
  const status = document.getElementById("key-status");
  const json = JSON.parse(button.dataset.options);
  button.disabled = true;
  status.textContent = "Waiting for your security key: touch it when it blinks.";
  try {
    if (!window.PublicKeyCredential) {
      throw { name: "unsupported" };
    }
    const credential =
      button.dataset.webauthn === "create"
        ? await navigator.credentials.create({ publicKey: creationOptions(json) })
        : await navigator.credentials.get({ publicKey: requestOptions(json) });
    form.elements.answer.value = JSON.stringify(answerOf(credential));
  } catch (error) {
    form.elements.error.value = error.name || "unknown";
  }
  form.submit();
};

for (const button of document.querySelectorAll("button[data-webauthn]")) {
  button.addEventListener("click", () => ask(button));
}
