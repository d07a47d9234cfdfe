// Alerts: what is open now, and what was.

import { html, useEffect } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { AlertList, AlertRows } from "../parts/AlertList.mjs";
import { Empty, Loaded, Page, Tabs } from "../parts/Page.mjs";
import { openAlerts } from "../store/alerts.mjs";
import { link, route } from "../store/route.mjs";

export default function Alerts() {
  const tab = route.value.query.get("tab") ?? "open";
  useEffect(() => {
    openAlerts.reload();
  }, []);
  const open = openAlerts.data.value?.length ?? 0;
  const tabs = [{ id: "open", title: t("Open"), href: link("/alerts"), count: open }, { id: "all", title: t("All"), href: link("/alerts", { tab: "all" }) }];
  const quiet = html`<${Empty} title=${t("All quiet")}>${t("Nothing is firing. What fired before is under All.")}<//>`;
  return html`<${Page} title=${t("Alerts")}>
    <${Tabs} label=${t("Which alerts")} tabs=${tabs} current=${tab} />
    ${tab === "all" ? html`<${AlertList} query=${{ status: "all" }} />` : html`<${Loaded} of=${openAlerts} empty=${quiet}>${(alerts) => html`<${AlertRows} alerts=${alerts} />`}<//>`}
  <//>`;
}
