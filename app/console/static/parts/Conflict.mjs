// What happens when two people edit the same thing: what the other has changed, and a choice.

import { html } from "../vendor/ui.mjs";
import { inWords } from "../lib/edits.mjs";
import { moment } from "../lib/time.mjs";
import { t } from "../lib/words.mjs";
import { differing } from "../store/shared.mjs";
import { Icon } from "./Icon.mjs";
import { Button } from "./Page.mjs";
import { Ago } from "./Status.mjs";

/**
 * The notice of a conflict (store/shared); nothing while there is none. `onOverwrite` saves again,
 * `onDiscard` shows theirs.
 */
export function Conflict({ shared, onOverwrite, onDiscard }) {
  const theirs = shared.theirs.value;
  if (!theirs) return null;
  const changed = differing(shared.known(), theirs).filter((name) => shared.names?.includes(name) ?? true);
  const both = changed.filter((name) => name in shared.mine.value);
  const overwrite = () => {
    shared.overwrite();
    onOverwrite();
  };
  return html`<section class="notice warn" role="alert"><${Icon} name="warning" /><div>
    <strong>${t("Somebody else has changed this while you were editing")} (<${Ago} at=${moment(theirs.updated_at)} />)</strong>
    <p>${t("They changed: {names}.", { names: inWords(changed) || t("nothing that this form shows") })} ${both.length ? t("You changed the same: {names}. Saving yours replaces theirs there, and leaves the rest as they have it.", { names: inWords(both) }) : t("You changed other things: saving yours leaves theirs as they are.")}</p>
    <div class="actions"><${Button} kind="primary" onClick=${overwrite}>${both.length ? t("Replace theirs with mine") : t("Save mine too")}<//><${Button} onClick=${onDiscard}>${t("Drop mine, show theirs")}<//></div>
  </div></section>`;
}

/** The same as part of a form (parts/Form), which knows how to save and what to drop. */
export const conflictOf = (edits) => (acts) => html`<${Conflict} shared=${edits} ...${acts} />`;
