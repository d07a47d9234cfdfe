// The focus: what has it may leave the page, and then it goes to what stands there now. Whoever uses
// keys sees it at headings too, which a pointer has no use for.

const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex='0']";
const LATER_MS = 50;
const root = document.documentElement;

let held = null; // what has the focus, or had it when it left the page
let around = []; // what that is in, innermost first
let path = "";

addEventListener("focusin", ({ target }) => {
  held = target;
  path = location.pathname;
  around = [];
  for (let each = target.parentElement; each; each = each.parentElement) around.push(each);
});

// Whoever presses beside everything has put the focus down; what leaves the page later is not theirs.
addEventListener("focusout", () => queueMicrotask(() => {
  if (held?.isConnected && document.activeElement === document.body) held = null;
}));

/** Keep the focus in the page, as long as the page lives. */
export function watch() {
  new MutationObserver((changes) => {
    if (!held || held.isConnected || document.activeElement !== document.body) return;
    const [left, from] = [held, path];
    const change = changes.find((each) => [...each.removedNodes].some((node) => node.contains(left)));
    held = null;
    // A dialog that ends and a screen that begins place the focus themselves, in effects after a frame.
    requestAnimationFrame(() => setTimeout(() => {
      if (document.activeElement !== document.body || location.pathname !== from) return;
      (nearest(change) ?? heading())?.focus({ preventScroll: true });
    }, LATER_MS));
  }).observe(document.body, { childList: true, subtree: true });
  addEventListener("keydown", () => (root.dataset.keys = ""), true);
  addEventListener("pointerdown", () => delete root.dataset.keys, true);
}

const heading = () => document.querySelector("dialog[open] h2, .page-head h1, h1");

/** The control that stands where one stood: the first behind its place, else the last before it. */
function nearest(change) {
  const box = around.find((each) => each.isConnected);
  if (!box?.closest("main, dialog, .head, .toasts")) return null;
  const controls = [...box.querySelectorAll(CONTROLS)].filter((each) => each.tabIndex >= 0 && each.checkVisibility());
  const before = change?.previousSibling?.isConnected && box.contains(change.previousSibling) ? change.previousSibling : null;
  const isBehind = (each) => !before || (!before.contains(each) && before.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING);
  return controls.find(isBehind) ?? controls.at(-1);
}
