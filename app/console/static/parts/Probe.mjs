// What a check saw: how long each part took, and what was answered.

import { html } from "../vendor/ui.mjs";
import { day, moment } from "../lib/time.mjs";
import { milliseconds, t } from "../lib/words.mjs";
import { Failure, Long } from "./Page.mjs";
import { Moment, Said, Status } from "./Status.mjs";

const PHASES = [["dns_ms", t("DNS")], ["connect_ms", t("Connect")], ["tls_ms", t("TLS")], ["ttfb_ms", t("Wait")], ["transfer_ms", t("Transfer")]];

/** Parts of a check as bars with their numbers; `most` is the time that fills the width. */
export function Waterfall({ check, most }) {
  const shown = PHASES.filter(([name]) => check.phases?.[name] != null);
  const total = most || check.response_time_ms || 1;
  let before = 0;
  return html`<dl class="waterfall">${shown.map(([name, title], index) => {
    const took = check.phases[name];
    const start = before;
    before += took;
    return html`<div key=${name}><dt>${title}</dt><dd><i class=${`phase p${index}`} style=${{ marginLeft: `${Math.min(99, (start / total) * 100)}%`, width: `${Math.max(0.5, Math.min(100, (took / total) * 100))}%` }} /></dd><dd class="took">${milliseconds(took)}</dd></div>`;
  })}<div><dt><strong>${t("Total")}</strong></dt><dd></dd><dd class="took"><strong>${milliseconds(check.response_time_ms)}</strong></dd></div></dl>`;
}

/** The outcome of testing an unsaved service: {busy}, {error} or {seen}. */
export function ProbeOutcome({ outcome: { busy, error, seen } }) {
  if (busy) return html`<section class="card" role="status">${t("Testing…")}</section>`;
  if (error) return html`<${Failure} error=${error} />`;
  return html`<section class="card" role="status" aria-label=${t("Outcome of the test")}>
    <div class="card-head"><${Status} state=${seen.status} /><span>${milliseconds(seen.response_time_ms)}</span></div>
    ${seen.error && html`<p><${Said} text=${seen.error} /></p>`}
    <${Waterfall} check=${seen} />
    <${Evidence} evidence=${seen.evidence} />
  </section>`;
}

const Day = ({ text }) => html`<${Moment} at=${moment(text)} write=${(at, zone) => day(at, zone, 0)} />`;

/** What was answered: status line, headers and body, as text and never as a page. */
export function Evidence({ evidence, open = false }) {
  if (!evidence) return null;
  const { address, status_line: line, headers = [], body, redirects = [], certificates = [] } = evidence;
  return html`<div class="evidence">
    ${(line || address) && html`<p class="mono">${line}${address ? html` · <${Long} text=${address} />` : ""}</p>`}
    ${redirects.length > 0 && html`<details open=${open}><summary>${t("Redirects ({n})", { n: redirects.length })}</summary><pre>${redirects.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join("\n")}</pre></details>`}
    ${headers.length > 0 && html`<details><summary>${t("Headers ({n})", { n: headers.length })}</summary><pre>${headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</pre></details>`}
    ${body && html`<details open=${open}><summary>${t("Body")}</summary><pre>${body}</pre></details>`}
    ${certificates.length > 0 && html`<details><summary>${t("Certificates ({n})", { n: certificates.length })}</summary><pre>${certificates.map((each) => html`${`${each.subject}\n  ${each.issuer}\n  `}<${Day} text=${each.valid_from} /> – <${Day} text=${each.valid_to} />${"\n"}`)}</pre></details>`}
  </div>`;
}
