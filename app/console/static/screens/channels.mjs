// Channels: where messages go, and whether they arrive.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { channelName } from "../lib/channels.mjs";
import { moment } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { Icon } from "../parts/Icon.mjs";
import { ButtonLink, Empty, Facts, Loaded, Page } from "../parts/Page.mjs";
import { Ago, Said } from "../parts/Status.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";

export default function Channels() {
  const found = useResource((signal) => api.all("/notification-channels", {}, { signal }), [], { frames: ["notification.sent", "notification.failed"] });
  const actions = html`<${ButtonLink} kind="primary" icon="plus" shortcut="n" needs="notification_channels:write" href=${link("/channels/new")}>${t("New channel")}<//>`;
  const empty = html`<${Empty} title=${t("Who shall hear of it?")} action=${actions}>${t("Without a channel nobody hears of an outage. A channel is a chat, a mailbox, a pager, or any address that takes JSON.")}<//>`;
  return html`<${Page} title=${t("Channels")} actions=${actions}><${Loaded} of=${found} empty=${empty}>${(channels) => html`<div class="cards">${channels.map((channel) => html`<${Card} key=${channel.id} channel=${channel} />`)}</div>`}<//><//>`;
}

function Card({ channel }) {
  const well = channel.is_healthy;
  return html`<section class="card"><div class="card-head"><h2><a href=${link(`/channels/${channel.id}`)}>${channel.name}</a></h2><span class="chip">${channelName(channel.type)}</span></div>
    <p class=${`status wraps ${!channel.is_enabled ? "paused" : well ? "up" : "down"}`}><${Icon} name=${!channel.is_enabled ? "pause" : well ? "check" : "warning"} />${!channel.is_enabled ? t("Switched off") : well ? (channel.last_success_at ? t("Messages arrive") : t("Not used yet")) : t("The last message was not taken")}</p>
    <${Facts} rows=${[[t("Last taken"), html`<${Ago} at=${moment(channel.last_success_at)} />`], [t("Last error"), channel.last_error && html`<${Said} text=${channel.last_error} />`], [t("From severity"), channel.min_severity]]} /></section>`;
}
