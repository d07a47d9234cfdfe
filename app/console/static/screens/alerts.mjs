// Alerts: what is open now, and what was.

import { html, signal, useEffect } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { AlertList, AlertRows, Storm } from "../parts/AlertList.mjs";
import { AlertSelection, alertKeys } from "../parts/AlertSelection.mjs";
import { Empty, Loaded, Page, Tabs } from "../parts/Page.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { link, route } from "../store/route.mjs";
import { session } from "../store/session.mjs";

const selected = signal(new Set());

export default function Alerts() {
  const tab = route.value.query.get("tab") ?? "open";
  useEffect(() => {
    openAlerts.reload();
    return () => (selected.value = new Set());
  }, [tab]);
  const mine = (alert) => [session.value?.full_name, session.value?.email].includes(alert.acknowledged_by);
  const open = openAlerts.data.value?.length ?? 0;
  const tabs = [{ id: "open", title: t("Open"), href: link("/alerts"), count: open }, { id: "mine", title: t("Mine"), href: link("/alerts", { tab: "mine" }), count: openAlerts.data.value?.filter(mine).length }, { id: "all", title: t("All"), href: link("/alerts", { tab: "all" }) }];
  const quiet = html`<${Empty} title=${t("All quiet")}>${t("Nothing is firing. What fired before is under All.")}<//>`;
  return html`<${Page} title=${t("Alerts")}>
    <${Tabs} label=${t("Which alerts")} tabs=${tabs} current=${tab} />
    ${tab === "all" ? html`<${AlertList} query=${{ status: "all" }} />` : html`<${Loaded} of=${openAlerts} empty=${quiet}>${(alerts) => html`<${Choosable} alerts=${tab === "mine" ? alerts.filter(mine) : alerts} />`}<//>`}
  <//>`;
}

function Choosable({ alerts }) {
  if (!alerts.length) return html`<${Empty} title=${t("None is yours")}>${t("Open alerts that you have acknowledged stand here.")}<//>`;
  const ids = alerts.map((each) => each.id);
  return html`<${Storm} alerts=${alerts} /><${AlertRows} alerts=${alerts} selected=${selected} onKey=${(event) => alertKeys(event, selected, ids)} /><${AlertSelection} selected=${selected} ids=${ids} />`;
}
