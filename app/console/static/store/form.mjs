// A form: its values, what is wrong with them, and what becomes of them when somebody leaves.

import { signal, useEffect, useMemo } from "../vendor/ui.mjs";
import { at, flatErrors, withAt, withoutSecrets } from "../lib/forms.mjs";
import { t } from "../lib/words.mjs";
import { guardLeaving } from "./route.mjs";

/**
 * A form of a screen. `initial` are its values, `save(values)` writes them and may raise ApiError,
 * whose `fields` are then shown; one that `isTold` is shown by others. With `key` it survives a reload of the page, but for `secrets`
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
    forget: () => place && sessionStorage.removeItem(place),
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
        const saved = await form.act(form.values.peek());
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
