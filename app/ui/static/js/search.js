// Shows what is found while somebody types; without a script the form does it. What is typed travels in the body of a POST.
// "/" goes to the field, the arrows go through what was found, Escape goes back.
const PAUSE = 160;

const fields = () => [...document.querySelectorAll("[data-search] input[type=search]")].filter((field) => field.offsetParent);

for (const place of document.querySelectorAll("[data-search]")) {
  const field = place.querySelector("input[type=search]");
  const results = place.querySelector("[data-results]");
  // Read out politely: a region that was there before its words change.
  const said = Object.assign(document.createElement("p"), { className: "visually-hidden", role: "status" });
  place.append(said);
  let timer;
  let asked;

  const links = () => [...results.querySelectorAll("a, button")];

  const show = async () => {
    const body = new URLSearchParams(new FormData(field.form));
    body.set("part", "1");
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(field.form.action, { method: "POST", body, signal: asked.signal });
      // Whoever was locked meanwhile is led to the way in by sending the form.
      if (!answer.ok || answer.redirected) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      results.replaceChildren(...found.body.childNodes);
      results.hidden = !field.value.trim();
      const count = results.querySelector("[data-count]");
      count?.removeAttribute("role");
      said.textContent = count?.textContent.trim() ?? "";
      // A step back in the browser comes to the same words again.
      if (!results.hasAttribute("data-panel")) history.replaceState({ ...history.state, search: field.value }, "");
    } catch (fault) {
      if (fault.name !== "AbortError") throw fault;
    }
  };

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
  field.addEventListener("focus", show, { once: true });

  place.addEventListener("keydown", (event) => {
    const all = links();
    const here = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && all.length) {
      event.preventDefault();
      all[Math.min(here + 1, all.length - 1)].focus();
    } else if (event.key === "ArrowUp" && here >= 0) {
      event.preventDefault();
      (all[here - 1] ?? field).focus();
    } else if (event.key === "Escape" && document.activeElement !== field) {
      event.preventDefault();
      field.focus();
    } else if (event.key === "Escape" && results.hasAttribute("data-panel")) {
      results.hidden = true;
    }
  });

  if (results.hasAttribute("data-panel")) {
    document.addEventListener("focusin", (event) => {
      if (!place.contains(event.target)) results.hidden = true;
    });
    document.addEventListener("click", (event) => {
      if (!place.contains(event.target)) results.hidden = true;
    });
  } else if (history.state?.search && !field.value) {
    field.value = history.state.search;
    show();
  }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = fields()[0];
  if (!field) {
    location.assign("/search");
    return;
  }
  event.preventDefault();
  field.focus();
  field.select();
});
