// Whether this browser makes a sound, or shows a notification, for critical alerts.

import { html, useState } from "../vendor/ui.mjs";
import { notify, obstacle, ring, watch } from "../alarms.mjs";
import { t } from "../lib/words.mjs";
import { setView, view } from "../store/view.mjs";

/** Two choices; each shows at once what it will be like, and asks the browser where that must be asked. */
export function AlarmChoices() {
  const [refused, refuse] = useState(null);
  const sound = ({ target }) => {
    setView({ sound: target.checked });
    if (!target.checked) return;
    watch();
    ring();
  };
  const notifications = async ({ target }) => {
    const wanted = target.checked && !obstacle() && (await Notification.requestPermission()) === "granted";
    const sample = wanted && notify(t("Critical alerts are shown like this"), { tag: "alertifypro.sample" }, "/alerts");
    target.checked = Boolean(sample);
    setView({ notify: Boolean(sample) });
    refuse(wanted && !sample ? t("This browser shows no notifications of pages.") : null);
    if (sample) watch();
  };
  const reason = refused ?? obstacle();
  const allowed = !obstacle() && globalThis.Notification?.permission === "granted";
  return html`<label class="choice"><input type="checkbox" checked=${view.value.sound} onChange=${sound} /><span>${t("Make a sound when a critical alert fires")}</span></label>
    <label class="choice"><input type="checkbox" checked=${view.value.notify && allowed} aria-describedby=${reason ? "no-notifications" : null} onChange=${notifications} /><span>${t("Show a notification of the browser when a critical alert fires")}</span></label>
    ${reason && html`<p class="muted small" id="no-notifications">${reason}</p>`}`;
}
