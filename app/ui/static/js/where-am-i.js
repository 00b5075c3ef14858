// Fills a form with where this device is: once, when the button is pressed, and never by itself.
for (const form of document.querySelectorAll("form[data-where]")) {
  const button = form.querySelector("[data-locate]");
  const say = (name) => {
    for (const line of form.querySelectorAll("[data-when]")) {
      line.hidden = line.dataset.when !== name;
    }
  };
  if (!button) {
    continue;
  }
  button.hidden = false;
  form.querySelector("[data-without]")?.setAttribute("hidden", "");

  button.addEventListener("click", () => {
    if (!navigator.geolocation || !window.isSecureContext) {
      say("unsupported");
      return;
    }
    say("waiting");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.latitude.value = coords.latitude.toFixed(6);
        form.elements.longitude.value = coords.longitude.toFixed(6);
        if (form.elements.accuracy) {
          form.elements.accuracy.value = Math.ceil(coords.accuracy);
        }
        say("found");
        if (form.dataset.where === "send") {
          form.requestSubmit();
        }
      },
      (error) => say(error.code === error.PERMISSION_DENIED ? "refused" : "unknown"),
      { enableHighAccuracy: true, maximumAge: 0, timeout: 20000 },
    );
  });
}
