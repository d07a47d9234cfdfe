// The number of services that an organization's plan allows, said before somebody runs into it.

import { html } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { t, tn } from "../lib/words.mjs";
import { useResource } from "../store/resource.mjs";
import { link } from "../store/route.mjs";
import { session } from "../store/session.mjs";
import { Icon } from "./Icon.mjs";

/** Nothing while the plan has room; else how many services it allows and who can lift that. */
export function PlanNotice() {
  const found = useResource((signal) => api.get("/organization", {}, signal), [], { frames: ["service.created", "service.deleted"] }).data.value;
  if (!found || found.max_services === null || found.services_count < found.max_services) return null;
  const operator = session.value?.is_operator;
  return html`<section class="notice plan"><${Icon} name="services" /><div>
    <strong>${tn(found.max_services, "The one service of your plan is in use", "All {n} services of your plan are in use")}</strong>
    <p>${t("What you have goes on being watched. The plan of this organization is “{plan}”.", { plan: found.plan_type })} ${operator ? html`${t("You run this server, so you can lift it:")} <a href=${link("/server")}>${t("choose another plan")}</a>, ${t("or start it with")} <code>PLAN_LIMITS=off</code>.` : t("Whoever runs this server can lift it: on the screen Server, or by starting it with PLAN_LIMITS=off.")}</p>
  </div></section>`;
}
