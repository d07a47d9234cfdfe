// Certificates: which end when, the next one first; what changed.

import { html, useMemo } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { matcher } from "../lib/filters.mjs";
import { day, moment } from "../lib/time.mjs";
import { sentence, t, tn } from "../lib/words.mjs";
import { FilterField, NothingMatches, filterText } from "../parts/Filter.mjs";
import { ButtonLink, Empty, Loaded, Page } from "../parts/Page.mjs";
import { PlainTable } from "../parts/Plain.mjs";
import { Ago, Moment } from "../parts/Status.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";

const kindOf = (each) => (!each.chain_valid || each.days_until_expiry < 0 ? "down" : each.days_until_expiry <= 30 ? "slow" : "up");
const COLUMNS = [
  { title: t("Ends in"), cell: (each) => html`<span class=${`status ${kindOf(each)}`}>${each.days_until_expiry < 0 ? t("ended") : tn(each.days_until_expiry, "1 day", "{n} days")}</span>` },
  { title: t("Host"), cell: (each) => html`<a href=${link(`/services/${each.service_id}`)}>${each.domain}${each.port === 443 ? "" : `:${each.port}`}</a>${each.error && html`<br /><span class="small down">${sentence(each.error)}</span>`}` },
  { title: t("Until"), cell: (each) => html`<${Moment} at=${moment(each.valid_to)} write=${(at, zone) => day(at, zone, 0)} />`, extra: true },
  { title: t("Issuer"), cell: (each) => each.issuer, extra: true },
  { title: t("Key"), cell: (each) => each.key_type, extra: true },
  { title: t("Changed"), cell: (each) => html`<${Ago} at=${moment(each.changed_at)} none="–" />`, extra: true },
];

export default function Certificates() {
  const found = useResource((signal) => api.get("/ssl-certificates", {}, signal));
  const text = filterText();
  const fits = useMemo(() => matcher(text, (each) => ({ q: `${each.domain} ${each.issuer} ${each.sans.join(" ")}`.toLowerCase(), status: [each.status.toLowerCase()] })), [text]);
  const watch = html`<${ButtonLink} kind="primary" icon="plus" needs="services:write" href=${link("/services/new")}>${t("New service")}<//>`;
  const empty = html`<${Empty} title=${t("No certificate was seen yet")} action=${watch}>${t("Every HTTPS check remembers the certificate it was shown; an SSL check looks at nothing else.")}<//>`;
  return html`<${Page} title=${t("Certificates")} lead=${t("Channels hear of each 30, 14, 7, 3 and 1 days before its end, once.")}><${Loaded} of=${found} empty=${empty}>${(list) => {
    const shown = list.filter(fits).sort((a, b) => a.days_until_expiry - b.days_until_expiry);
    return html`<div class="toolbar"><${FilterField} placeholder=${t("Filter: host, issuer")} /></div>${shown.length ? html`<${PlainTable} label=${t("Certificates")} rows=${shown} columns=${COLUMNS} idOf=${(each) => `${each.service_id}${each.port}`} />` : html`<${NothingMatches} hidden=${list.length} />`}`;
  }}<//><//>`;
}
