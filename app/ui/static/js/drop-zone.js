// Lets a file be dropped anywhere on the import form; without a script the file field does the same.
const form = document.querySelector(".import-form");
const input = form?.querySelector('input[type="file"]');

if (form && input) {
  const over = (is) => form.classList.toggle("is-over", is);

  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  form.addEventListener("dragleave", () => over(false));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer.files.length === 1) {
      input.files = event.dataTransfer.files;
    }
  });
}
