// A form: its values, what is wrong with them, and what becomes of them when somebody leaves.

import { signal, useEffect, useMemo } from "../vendor/ui.mjs";
import { send } from "../api.mjs";
import { at, flatErrors, withAt, withoutSecrets } from "../lib/forms.mjs";
import { t } from "../lib/words.mjs";
import { guardLeaving } from "./route.mjs";

/**
 * A form of a screen. `initial` are its values, `save(values, create)` writes them, something new by `create(path,
 * body)`, and may raise ApiError, whose `fields` are then shown; one that `isTold` is shown by others. With `key` it survives a reload of the page, but for `secrets`
 * (paths). `check(values)` may return {path: sentence} before anything is sent.
 */
export function useForm({ initial, save, check = () => ({}), key = null, secrets = [] }) {
  const form = useMemo(() => makeForm({ initial, save, check, key, secrets }), []);
  form.act = save;
  form.check = check;
  useEffect(() => {
    const beforeUnload = (event) => form.dirty() && event.preventDefault();
    addEventListener("beforeunload", beforeUnload);
    const stop = guardLeaving(() => !form.dirty() || confirm(t("Leave without saving what you have typed?")));
    return () => {
      removeEventListener("beforeunload", beforeUnload);
      stop();
      form.forget();
    };
  }, [form]);
  return form;
}

function makeForm({ initial, save, check, key, secrets }) {
  const place = key && `alertifypro.form.${key}`;
  const kept = place && JSON.parse(sessionStorage.getItem(place) ?? "null");
  let clean = JSON.stringify(initial);
  const create = makeCreate(place && `${place}.sent`);
  const checks = new Map(); // by path, of fields that read what is typed
  const form = {
    values: signal(kept ?? initial),
    errors: signal({}),
    failure: signal(null),
    busy: signal(false),
    act: save,
    check,
    /** Check the value of a path as well, by `says(value)`, as long as its field is drawn; returns how to end that. */
    checking(path, says) {
      checks.set(path, says);
      return () => checks.get(path) === says && checks.delete(path);
    },
    dirty: () => JSON.stringify(form.values.peek()) !== clean,
    forget() {
      if (!place) return;
      sessionStorage.removeItem(place);
      create.forget();
    },
    get: (path) => at(form.values.value, path),
    set(path, value) {
      form.values.value = withAt(form.values.peek(), path, value);
      if (form.errors.peek()[path]) {
        form.errors.value = { ...form.errors.peek(), [path]: undefined };
        if (!Object.values(form.errors.peek()).some(Boolean)) form.failure.value = null; // which said the same
      }
      if (place) sessionStorage.setItem(place, JSON.stringify(withoutSecrets(form.values.peek(), secrets)));
    },
    /** Take these values as saved. */
    reset(values) {
      clean = JSON.stringify(values);
      form.values.value = values;
      form.errors.value = {};
    },
    /** Save; returns what `save` returned, undefined when it did not work. */
    async submit() {
      if (form.busy.peek()) return undefined;
      form.failure.value = null;
      const read = [...checks].map(([path, says]) => [path, says(at(form.values.peek(), path))]).filter(([, said]) => said);
      form.errors.value = { ...form.check(form.values.peek()), ...Object.fromEntries(read) };
      if (Object.values(form.errors.peek()).some(Boolean)) return undefined;
      form.busy.value = true;
      const sent = JSON.stringify(form.values.peek());
      try {
        const saved = await form.act(form.values.peek(), create);
        clean = sent;
        form.forget();
        return saved ?? true;
      } catch (error) {
        form.errors.value = flatErrors(error.fields);
        form.failure.value = error.isTold ? null : error;
        return undefined;
      } finally {
        form.busy.value = false;
      }
    },
  };
  return form;
}

// Of answers below 500, those that say nothing of what became of the first request.
const TIMED_OUT = 408;
const CONFLICT = 409;

/**
 * A function like `post` of the API for one form, or one button. What is sent again as it was, because its
 * answer was lost, carries the same `Idempotency-Key`; what differs, or follows an answer, is another.
 * With `place`, of the session's storage, it is known after a reload of the page as well.
 */
export function makeCreate(place = null) {
  let open = place && JSON.parse(sessionStorage.getItem(place) ?? "null"); // what was sent and not answered
  const keep = (sent) => {
    open = sent;
    if (place && sent) sessionStorage.setItem(place, JSON.stringify(sent));
    else if (place) sessionStorage.removeItem(place);
  };
  const create = async (path, body = {}) => {
    const mark = markOf(JSON.stringify([path, body]));
    if (open?.mark !== mark) keep({ mark, key: makeKey() });
    const sent = open;
    try {
      const { data } = await send("POST", path, { body, headers: { "Idempotency-Key": sent.key } });
      if (open === sent) keep(null);
      return data;
    } catch (error) {
      if (open === sent && isAnswered(error)) keep(null);
      throw error;
    }
  };
  create.forget = () => keep(null);
  return create;
}

/** What a text is told from others by (FNV-1a), without what is secret in it. */
function markOf(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return `${text.length}.${hash >>> 0}`;
}

// By the generator that pages without TLS have as well.
const makeKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function isAnswered({ status, retryAfter }) {
  if (status === CONFLICT) return retryAfter === null; // with it the first request is still under way
  return status >= 400 && status < 500 && status !== TIMED_OUT;
}
