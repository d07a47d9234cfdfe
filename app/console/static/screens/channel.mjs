// One channel: a new one, or its settings, a test, and what was delivered.

import { html, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { about } from "../lib/alerts.mjs";
import { channelName } from "../lib/channels.mjs";
import { dayAndClock, moment } from "../lib/time.mjs";
import { listed, sentence, t } from "../lib/words.mjs";
import { ChannelForm, TestMessage, TypeTiles } from "../parts/ChannelForm.mjs";
import { Icon } from "../parts/Icon.mjs";
import { Button, Empty, Loaded, Page } from "../parts/Page.mjs";
import { PlainTable } from "../parts/Plain.mjs";
import { Moment } from "../parts/Status.mjs";
import { deleteLater } from "../store/deletions.mjs";
import { useResource } from "../store/resource.mjs";
import { go, link, route } from "../store/route.mjs";
import { say, sayError } from "../store/toasts.mjs";

export default function Channel({ id }) {
  const needed = useResource(async (signal) => {
    const [types, channel] = await Promise.all([api.get("/notification-channels/types", {}, signal), id ? api.get(`/notification-channels/${id}`, {}, signal) : null]);
    return { types, channel };
  }, [id]);
  const [uses, setUses] = useState([]);
  const channel = needed.data.value?.channel;
  const kind = route.value.query.get("type");
  const title = channel?.name ?? (id ? t("Channel") : kind ? t("New channel: {type}", { type: channelName(kind) }) : t("New channel"));
  const saved = (found) => {
    say(id ? t("Saved.") : t("Added. Send a test to see that it arrives."));
    if (id) needed.update((known) => ({ ...known, channel: found }));
    else go(link(`/channels/${found.id}`), { replace: true });
  };
  const remove = async () => {
    const path = `/notification-channels/${id}`;
    try {
      const found = await api.get(`${path}/usages`);
      setUses(found.used_by);
      if (found.used_by.length) return;
    } catch (error) {
      sayError(error);
      return;
    }
    deleteLater({ ids: [id], path, name: channel.name });
    go(link("/channels"), { replace: true });
  };
  const actions = channel && html`<${Button} kind="danger" icon="trash" needs="notification_channels:write" onClick=${remove}>${t("Delete")}<//>`;
  return html`<${Page} title=${title} back=${{ path: "/channels", title: t("Channels") }} actions=${actions} narrow>
  ${uses.length > 0 && html`<section class="notice warn" role="alert"><${Icon} name="warning" /><div><strong>${t("{name} is in use", { name: channel.name })}</strong><p>${t("Change what sends to it first: {uses}.", { uses: listed(uses) })}</p></div></section>`}
  <${Loaded} of=${needed}>${({ types, channel: found }) => {
    const type = types.find((each) => each.type === (found?.type ?? kind));
    if (!type) return html`<${TypeTiles} types=${types} onChoose=${(chosen) => go(link("/channels/new", { type: chosen }))} />`;
    return html`<div class="stack">${found && html`<section class="card"><h2>${t("Does it arrive?")}</h2><${TestMessage} id=${found.id} /></section>`}
      <${ChannelForm} key=${type.type} type=${type} channel=${found} verb=${found ? t("Save") : t("Add channel")} onSaved=${saved} onCancel=${() => go(link("/channels"))} />
      ${found && html`<${Deliveries} id=${found.id} />`}</div>`;
  }}<//>
  <//>`;
}

const STATES = { sent: t("accepted"), pending: t("waiting"), digested: t("in a digest"), dead: t("not delivered"), cancelled: t("withdrawn") };

function Deliveries({ id }) {
  const found = useResource((signal) => api.get(`/notification-channels/${id}/deliveries`, { limit: 50 }, signal), [id], { frames: ["notification.sent", "notification.failed"] });
  const empty = html`<${Empty} title=${t("Nothing was sent yet")}>${t("What goes to this channel stands here, with what the receiver said.")}<//>`;
  return html`<section><h2 class="over">${t("Deliveries")}</h2><${Loaded} of=${found} rows=${3} empty=${empty}>${(sent) => html`<${PlainTable} label=${t("Deliveries")} rows=${sent} columns=${DELIVERY_COLUMNS} />`}<//></section>`;
}

const DELIVERY_COLUMNS = [
  { title: t("Time"), cell: (each) => html`<${Moment} at=${moment(each.created_at)} write=${dayAndClock} />` },
  { title: t("What"), cell: (each) => (each.alert_id ? html`<a href=${link(`/alerts/${each.alert_id}`)}>${about(each.kind)}</a>` : about(each.kind)) },
  { title: t("Status"), cell: (each) => STATES[each.status] ?? each.status },
  { title: t("Tries"), right: true, cell: (each) => each.attempts.length },
  { title: t("Answer"), cell: (each) => (each.last_error ? sentence(each.last_error) : each.last_status_code) },
];
