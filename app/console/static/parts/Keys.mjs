// The list of keys, and the switch that turns single letters off (WCAG 2.1.4).

import { html } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { setView, view } from "../store/view.mjs";
import { Dialog } from "./Dialog.mjs";

const KEYS = [
  ["Ctrl K", t("search or do something")],
  ["/", t("filter the list")],
  ["g h", t("go to Home; g s Services, g a Alerts, g b Heartbeats, g o On-call, g m Maintenance, g c Channels, g r Rules")],
  ["j k", t("move in a list, as the arrows do")],
  ["Enter", t("open")],
  ["x", t("select; Shift x a range, Ctrl A all that match")],
  ["e", t("edit")],
  ["p", t("pause or resume")],
  ["c", t("check now")],
  ["a z r", t("acknowledge, snooze for 30 minutes, resolve an alert")],
  ["n", t("new")],
  ["t", t("theme")],
  ["Ctrl Enter", t("save a form")],
  ["Ctrl Z", t("undo what was just done, while it is offered")],
  ["Esc", t("back out one level")],
];

/** The dialog with all keys. */
export default function Keys({ onClose }) {
  return html`<${Dialog} title=${t("Keys")} onClose=${onClose}>
    <dl class="facts">${KEYS.map(([key, what]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <label class="choice"><input type="checkbox" checked=${view.value.keys} onChange=${(event) => setView({ keys: event.target.checked })} /><span>${t("Single letters do something")}</span></label>
  <//>`;
}
