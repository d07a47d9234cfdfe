// When a maintenance window is: until when it goes on, when it comes next, or when it was over.

import { html } from "../vendor/ui.mjs";
import { dayAndClock, moment, span } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { Moment } from "./Status.mjs";

/** The times of a window as the API answers it; of one that goes on `next_end_at` is its end. */
export function WindowTimes({ window }) {
  const at = (text) => html`<${Moment} at=${moment(text)} write=${dayAndClock} />`;
  if (window.is_active) return html`${t("until")} ${at(window.next_end_at)}`;
  if (window.next_start_at) return html`${at(window.next_start_at)} ${t("for {span}", { span: span((moment(window.next_end_at) - moment(window.next_start_at)) / 1000) })}`;
  const over = window.ended_at ?? window.ends_at;
  return html`<span class="muted">${t("over")}${over && html`, ${at(over)}`}</span>`;
}
