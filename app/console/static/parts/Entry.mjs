// The page of people who are not signed in: the sign of the product and one card.

import { html, useEffect } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { windowTitle } from "../store/route.mjs";
import { Mark } from "./Frame.mjs";

/** A card with a title in the middle of an empty page; `below` stands under it. */
export function Entry({ title, lead, below, children }) {
  useEffect(() => {
    windowTitle.value = title;
  }, [title]);
  return html`<main class="entry">
    <a class="brand" href="/" aria-label=${t("AlertifyPro, home")}><${Mark} /><span>AlertifyPro</span></a>
    <div><div class="card"><h1 tabindex="-1">${title}</h1>${lead && html`<p class="lead">${lead}</p>`}${children}</div>
    ${below && html`<p class="below">${below}</p>`}</div>
  </main>`;
}
