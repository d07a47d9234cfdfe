// Who is signed in, in which organization, and what they may do there.

import { computed, signal } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import * as live from "../live.mjs";
import { t } from "../lib/words.mjs";
import { tabOrganization } from "./route.mjs";

/** The answer of GET /session; null while nobody is signed in. */
export const session = signal(null);
/** What is away ({since, said(clock)}, of store/outage, which comes after the first screen); else null. */
export const outage = signal(null);
/** "unknown" until the first answer, then "out", "in", or "expired" (signed in a moment ago). */
export const signedIn = signal("unknown");

export const organization = computed(() => {
  const found = session.value;
  return found?.organizations.find((each) => each.id === found.org_id) ?? null;
});

let waiting = null;
let ended = 0; // sessions that this tab has seen end
let begunAt = -Infinity; // when the last one was begun over the page, by performance.now()

api.onOrganization(tabOrganization);
api.onUnauthorized((sentAt) => {
  if (signedIn.peek() !== "in" && signedIn.peek() !== "expired") return false;
  if (signedIn.peek() === "in") {
    if (sentAt < begunAt) return true; // a late answer to the session before
    ended += 1;
  }
  signedIn.value = "expired"; // a dialog over the page asks for the password
  waiting ??= Promise.withResolvers ? Promise.withResolvers() : deferred();
  return waiting.promise;
});
live.on("ended", () => load());
// Tabs of a browser share the session: what one of them ends or begins, the others ask about at once.
const tabs = new BroadcastChannel("alertifypro.session");
tabs.onmessage = ({ data }) => {
  if (data === "in" && signedIn.peek() === "expired") begun();
  if (data === "out" && signedIn.peek() === "in") load();
};

function deferred() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}

/**
 * Find out who is signed in; start the live feed when somebody is. Raises ApiError but for 401, with which it
 * waits for who signs in over the page, unless this is asked for them (`hasSignedIn`).
 */
export async function load({ hasSignedIn = false } = {}) {
  const before = ended;
  try {
    const { data } = await api.send("GET", "/session", { again: !hasSignedIn });
    if (signedIn.peek() === "expired" && ended !== before) return; // it was asked of a session that has ended since
    session.value = data;
    signedIn.value = "in";
    live.start();
  } catch (error) {
    if (error.status !== 401 || (hasSignedIn && signedIn.peek() === "expired")) throw error;
    if (ended !== before) return; // one that was begun since has ended too: the next request asks for another
    session.value = null;
    signedIn.value = "out";
    live.stop();
  }
}

/** Sign in; returns the challenge where a second factor is asked for, else null. */
export async function signIn(email, password) {
  const { data } = await api.send("POST", "/session", { body: { email, password }, again: false });
  if (data.two_factor_required) return data.challenge;
  await begun();
  tabs.postMessage("in");
  return null;
}

/** The second step of signing in. */
export async function confirmSignIn(challenge, code) {
  await api.send("POST", "/session/2fa", { body: { challenge, code }, again: false });
  await begun();
  tabs.postMessage("in");
}

/** Take up the session that this browser has now. */
async function begun() {
  const before = session.peek()?.user_id;
  await load({ hasSignedIn: true });
  const after = session.peek()?.user_id;
  begunAt = performance.now();
  waiting?.resolve(before === after); // what somebody else had typed is not sent in this person's name
  waiting = null;
  if (before && before !== after) {
    sessionStorage.clear();
    location.reload();
  }
}

/** Sign out: the session ends on the server, and nothing of it stays in this tab. */
export async function signOut() {
  await api.send("DELETE", "/session", { again: false }).catch((error) => {
    if (error.status !== 401) throw error; // it had ended already
  });
  tabs.postMessage("out");
  live.stop();
  sessionStorage.clear();
  location.assign("/sign-in");
}

/** Whether the person may do something here, e.g. "services:write". */
export function may(permission) {
  return session.value?.permissions[permission]?.allowed ?? false;
}

/** Why the person may not do something; null when they may. */
export function whyNot(permission) {
  const found = session.value?.permissions[permission];
  if (!found || found.allowed) return null;
  return t("Needs the role {role} or above", { role: found.least_role });
}
