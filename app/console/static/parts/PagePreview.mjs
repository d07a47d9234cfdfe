// A status page as it would be, asked of the server a moment after each change, in a frame that
// runs no script and reaches nobody.

import { html, useEffect, useRef, useState } from "../vendor/ui.mjs";
import * as api from "../api.mjs";
import { listed, sentence, t, tn } from "../lib/words.mjs";
import { may } from "../store/session.mjs";

const WIDTHS = [[360, t("Phone")], [768, t("Tablet")], [1280, t("Desk")]];
const LOOKS = [["light", t("Light")], ["dark", t("Dark")]];
const REST_MS = 500;
const HEIGHT = 640;

// A frame's document is text for a parser: our own policy (`require-trusted-types-for`) wants to be
// told that this is meant. The frame is sandboxed: no script of it runs, whatever stands in it.
const trusted = window.trustedTypes?.createPolicy("page-preview", { createHTML: (text) => text });

/** The preview of a page's body: {html, services} or {error}, null until it came; `busy` while it is asked. */
export function usePreview(body, id) {
  const [found, setFound] = useState(null);
  const [look, setLook] = useState(null);
  const text = JSON.stringify({ ...body, ...(look && { theme: look }) });
  useEffect(() => {
    if (!may("status_pages:write")) return undefined;
    const stopper = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setFound(await api.post("/status-pages/preview", JSON.parse(text), { query: { page_id: id }, signal: stopper.signal }));
      } catch (error) {
        if (!stopper.signal.aborted) setFound((before) => ({ ...before, error }));
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stopper.abort();
    };
  }, [text]);
  return { found, look, setLook };
}

/** The preview beside a form: who would be public, and the page in three widths and two themes. */
export function PagePreview({ preview: { found, look, setLook }, id }) {
  const [width, setWidth] = useState(360);
  return html`<section class="preview" aria-label=${t("Preview")}>
    <${Shown} found=${found} id=${id} />
    <div class="toolbar">
      <div class="segmented" role="group" aria-label=${t("Width of the preview")}>${WIDTHS.map(([each, word]) => html`<button key=${each} type="button" class="button" aria-pressed=${each === width ? "true" : "false"} onClick=${() => setWidth(each)}>${word}</button>`)}</div>
      <div class="segmented" role="group" aria-label=${t("Theme of the preview")}>${LOOKS.map(([each, word]) => html`<button key=${each} type="button" class="button" aria-pressed=${each === look ? "true" : "false"} onClick=${() => setLook(each === look ? null : each)}>${word}</button>`)}</div>
    </div>
    ${found?.html ? html`<${Frame} document=${found.html} width=${width} />` : html`<p class="muted">${found?.error ? t("The preview comes when what is wrong is mended.") : t("The preview is being made…")}</p>`}
    <p class="muted small">${t("Links lead nowhere here; incidents and own styles are left out.")}</p>
  </section>`;
}

function Frame({ document: text, width }) {
  const box = useRef(null);
  const frame = useRef(null);
  useEffect(() => {
    frame.current.srcdoc = trusted ? trusted.createHTML(text) : text;
  }, [text]);
  useEffect(() => {
    const fit = () => {
      if (!box.current) return; // told once more while the screen goes
      const scale = Math.min(1, box.current.clientWidth / width);
      Object.assign(frame.current.style, { width: `${width}px`, height: `${HEIGHT / scale}px`, transform: `scale(${scale})` });
    };
    fit();
    const watch = new ResizeObserver(fit);
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [width]);
  return html`<div class="preview-box" ref=${box}><iframe ref=${frame} sandbox="" title=${t("The page as it would be")} tabindex="0"></iframe></div>`;
}

function Shown({ found, id }) {
  if (!found) return null;
  if (found.error) return html`<p class="wrong" role="status">${sentence(found.error.message)}</p>`;
  const names = found.services.map((each) => each.name);
  const added = found.services.filter((each) => each.is_new).length;
  return html`<div class="card" role="status"><strong>${names.length ? tn(names.length, "Strangers would see one service.", "Strangers would see {n} services.") : t("Strangers would see no service yet. Give a section a tag or a service.")}</strong>
    ${names.length > 0 && html`<p class="muted">${listed(names.slice(0, 12))}${names.length > 12 ? ` ${t("and {n} more", { n: names.length - 12 })}` : ""}</p>`}
    ${id && added > 0 && html`<p class="slow">${tn(added, "Saving adds one service to the public page.", "Saving adds {n} services to the public page.")}</p>`}</div>`;
}
