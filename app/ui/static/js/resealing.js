// Takes the next step by itself and shows how far it is, until the page has no step left; without a script a button does it.
const shown = () => document.querySelector("[data-resealing]");

while (shown()?.querySelector("form")) {
  const form = shown().querySelector("form");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("[data-resealing]");
  if (!answer.ok || !next || next.querySelector('[name="again"]')) {
    location.assign(answer.ok ? answer.url : location.href);
    break;
  }
  shown().querySelector("progress").value = next.querySelector("progress").value;
  shown().querySelector("[role=status]").textContent = next.querySelector("[role=status]").textContent;
}
