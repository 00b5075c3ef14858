// Looks every few seconds whether the till has asked, and opens its request; without a script the page reloads itself.
const shown = document.querySelector("[data-till]");
const again = Number(shown.dataset.till) * 1000;

async function look() {
  let answer;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" } });
  } catch {
    setTimeout(look, again); // the shop's network comes and goes
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const left = page.querySelector("[data-till] progress");
  if (answer.redirected || !answer.ok || !left) {
    location.assign(answer.redirected ? answer.url : location.href);
    return;
  }
  shown.querySelector("progress").value = left.value;
  setTimeout(look, again);
}

setTimeout(look, again);
