// Sends the import form in the background and shows how much of the file has gone; without a script the browser sends it as it is.
const say = (words, text) => {
  if (words.textContent !== text) {
    words.textContent = text;
  }
};

const settle = (request) => {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const main = page.querySelector("main");
  if (request.status < 400 || !main) {
    location.assign(request.responseURL || location.href);
    return;
  }
  document.querySelector("main").replaceWith(main);
  document.title = page.title;
  main.querySelector("#f-file")?.focus();
};

const send = (form) => {
  const shown = form.querySelector("[data-progress]");
  const bar = shown.querySelector("progress");
  const words = shown.querySelector("[role=status]");
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (moment) => {
    const share = moment.lengthComputable ? Math.floor((100 * moment.loaded) / moment.total) : 0;
    const size = (moment.total / 1048576).toFixed(1);
    bar.value = share;
    say(words, share < 100 ? words.dataset.sending.replace("{share}", share).replace("{size}", size) : words.dataset.sorting);
  });
  request.addEventListener("load", () => settle(request));
  request.addEventListener("error", () => {
    button.disabled = false;
    say(words, words.dataset.failed);
  });
  shown.hidden = false;
  form.querySelector("[data-without-script]").hidden = true;
  button.disabled = true;
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.send(new FormData(form));
};

// On the document, because a refused file brings the form anew.
document.addEventListener("submit", (event) => {
  if (event.target.matches(".import-form")) {
    event.preventDefault();
    send(event.target);
  }
});
