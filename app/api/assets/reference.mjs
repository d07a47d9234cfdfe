// The API's page: a search over its operations, and a button that copies a command. Without it the
// page is read all the same.

const operations = [...document.querySelectorAll(".operation")];
const texts = new Map(operations.map((each) => [each, each.textContent.toLowerCase()]));
const heads = new Map(operations.map((each) => [each, each.querySelector("summary").textContent.toLowerCase()]));
const field = document.getElementById("q");
const found = document.getElementById("found");

function search() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (where) => (each) => words.every((word) => where.get(each).includes(word));
  const named = operations.filter(fits(heads));
  const shown = new Set(named.length ? named : operations.filter(fits(texts)));
  for (const each of operations) each.hidden = !shown.has(each);
  for (const part of document.querySelectorAll(".group, .chapter")) part.hidden = !part.querySelector(".operation:not([hidden])");
  document.getElementById("introduction").hidden = words.length > 0;
  found.textContent = words.length ? `${shown.size} of ${operations.length} operations` : "";
}

function follow() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches(".operation")) target.open = true;
}

for (const each of document.querySelectorAll(".curl")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(each.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  each.prepend(button);
}
for (const each of operations) {
  each.addEventListener("toggle", () => each.open && history.replaceState(null, "", `#${each.id}`));
}
field.form.hidden = false;
field.addEventListener("input", search);
field.form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input")) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && event.target === field) {
    field.value = "";
    search();
  }
});
addEventListener("hashchange", follow);
follow();
