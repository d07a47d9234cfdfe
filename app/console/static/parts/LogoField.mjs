// A logo: the address of an image, which is fetched once, or a file that stands in the page itself.

import { html, useState } from "../vendor/ui.mjs";
import { t } from "../lib/words.mjs";
import { Field } from "./Field.mjs";
import { Button } from "./Page.mjs";

const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"];
const MAX_BYTES = 100_000;

export function LogoField({ form, path, label }) {
  const [wrong, setWrong] = useState(null);
  const value = form.get(path) ?? "";
  const isFile = value.startsWith("data:");
  const take = (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (!file) return;
    if (!KINDS.includes(file.type)) return setWrong(t("This is no PNG, JPEG, GIF, WebP or SVG."));
    if (file.size > MAX_BYTES) return setWrong(t("It has {n} kB; 100 kB is the most.", { n: Math.ceil(file.size / 1000) }));
    const reader = new FileReader();
    reader.onload = () => form.set(path, reader.result);
    reader.readAsDataURL(file);
    setWrong(null);
  };
  const control = ({ id, aria }) => html`<div class="beside">
    ${isFile ? html`<img class="logo" src=${value} alt=${label} /><input id=${id} value=${t("A file, {n} kB", { n: Math.ceil((value.length * 3) / 4000) })} readonly ...${aria} />` : html`<input id=${id} inputmode="url" value=${value} placeholder=${t("https://…")} onInput=${(event) => form.set(path, event.target.value)} spellcheck=${false} ...${aria} />`}
    ${isFile ? html`<${Button} onClick=${() => form.set(path, "")}>${t("Remove")}<//>` : html`<label class="button file">${t("File…")}<input type="file" class="only-read" accept=${KINDS.join(",")} aria-label=${t("{label} from a file", { label })} onChange=${take} /></label>`}</div>
    ${wrong && html`<span class="wrong" role="alert">${wrong}</span>`}`;
  return html`<${Field} form=${form} path=${path} label=${label} optional control=${control} />`;
}
