"""A browser without a screen: Starlette's test client that fills in and sends forms as a person's browser would."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from httpx2 import Client, Response

from tests.forms import HtmlForm, forms_of

CSRF = re.compile(r'<input[^>]*name="csrf"[^>]*value="([^"]+)"')
PASSPHRASE = "correct horse battery staple, twice"


class Browsing:
    """One person's browser: keeps cookies, sends Origin, puts the CSRF token of the last page into every form."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.csrf = ""
        self.forms: list[HtmlForm] = []

    def get(self, path: str, *, follow: bool = True) -> Response:
        """Open a page, following redirects unless told not to."""
        answer = self.client.get(path, headers={"accept": "text/html", "sec-fetch-site": "same-origin"}, follow_redirects=follow)
        self._remember(answer)
        return answer

    def post(
        self, path: str, data: Mapping[str, str | Sequence[str]] | None = None, *, files: Any = None, follow: bool = False
    ) -> Response:
        """Send a form, with the token of the page seen last. The answer is not followed unless `follow`."""
        origin = str(self.client.base_url).rstrip("/")
        headers = {"accept": "text/html", "origin": origin, "sec-fetch-site": "same-origin"}
        answer = self.client.post(path, data={"csrf": self.csrf, **(data or {})}, files=files, headers=headers, follow_redirects=follow)
        self._remember(answer)
        return answer

    def submit(self, action: str, changes: Mapping[str, str | Sequence[str]] | None = None, *, follow: bool = False) -> Response:
        """Send the form of the page seen last that goes to `action`, as it stands but for `changes`."""
        (form, *_others) = [form for form in self.forms if form.action == action] or [HtmlForm(action, "none")]
        assert form.method == "post", f"no form to {action} on the page; there are {[found.action for found in self.forms]}"
        return self.post(action, {**form.fields, **(changes or {})}, follow=follow)

    def unlock(self, login: str = "robin", passphrase: str = PASSPHRASE) -> "Browsing":
        """Sign in, and stand on Today."""
        self.get("/unlock")
        answer = self.post("/unlock", {"login": login, "passphrase": passphrase})
        assert answer.status_code == 303, answer.text
        assert self.get("/today").status_code == 200
        return self

    def sign_up(self, link: str, login: str = "robin", passphrase: str = PASSPHRASE) -> str:
        """Become an owner by an invitation, put the recovery kit away, and stand on Today. Answers the recovery code."""
        self.get(link)
        answer = self.post("/sign-up", {"token": link.rsplit("/", 1)[1], "login": login, "passphrase": passphrase, "again": passphrase})
        assert answer.status_code == 303, answer.text
        return self.confirm_kit()

    def confirm_kit(self) -> str:
        """Put the recovery kit away, and stand on Today. Answers the recovery code."""
        code = self.read_kit()
        (asked,) = [form.fields["asked"][0] for form in self.forms if "asked" in form.fields]
        groups = code.split("-")
        answer = self.post("/recovery-kit", {"asked": asked} | {f"group-{number}": groups[int(number) - 1] for number in asked.split(",")})
        assert answer.status_code == 303, answer.text
        assert self.get("/today").status_code == 200
        return code

    def read_kit(self) -> str:
        """The recovery code, as the page of the kit shows it."""
        return "-".join(re.findall(r"<code>([0-9A-Z]+)</code>", self.get("/recovery-kit").text))

    def _remember(self, answer: Response) -> None:
        if "text/html" not in answer.headers.get("content-type", ""):
            return
        self.forms = forms_of(answer.text) or self.forms
        if found := CSRF.search(answer.text):
            self.csrf = found.group(1)
