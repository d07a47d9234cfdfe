// The organization: general, members, teams, API keys, secrets, audit log, configuration as a file.

import { html } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Page, Tabs } from "../parts/Page.mjs";
import { AuditLog, Configuration } from "../parts/OrganizationLog.mjs";
import { Keys, Secrets } from "../parts/OrganizationKeys.mjs";
import { General, Members, Teams } from "../parts/OrganizationPeople.mjs";
import { link, route } from "../store/route.mjs";
import { organization } from "../store/session.mjs";

const TABS = [["general", t("General"), General], ["members", t("Members"), Members], ["teams", t("Teams"), Teams], ["keys", t("API keys"), Keys], ["secrets", t("Secrets"), Secrets], ["audit", t("Audit log"), AuditLog], ["file", t("Import and export"), Configuration]];

export default function Organization() {
  const tab = route.value.query.get("tab") ?? "general";
  const [, , Shown] = TABS.find(([id]) => id === tab) ?? TABS[0];
  const tabs = TABS.map(([id, title]) => ({ id, title, href: link("/organization", { tab: id === "general" ? null : id }) }));
  return html`<${Page} title=${organization.value?.name ?? t("Organization")}><${Tabs} label=${t("Parts of the organization")} tabs=${tabs} current=${tab} /><${Shown} /><//>`;
}
