"""An owner of the demo, who uses the same pages as everybody, over HTTP."""

import re
from collections.abc import Mapping, Sequence

import httpx2 as httpx

CSRF = re.compile(r'<input[^>]*name="csrf"[^>]*value="([^"]+)"')
GROUPS = re.compile(r"<code>([^<]+)</code>")
ASKED = re.compile(r'name="asked" value="([^"]+)"')


class Unexpected(Exception):
    """The instance answered otherwise than the story goes."""


class Browser:
    """One person's browser: keeps cookies, sends Origin, puts the form token of the page into every form."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(
            base_url=base_url, headers={"origin": base_url, "accept": "text/html", "user-agent": "Bothways demo"}, timeout=30
        )

    def get(self, path: str) -> str:
        """Open a page. Raises Unexpected unless it is there."""
        answer = self.http.get(path)
        if answer.status_code != httpx.codes.OK:
            raise Unexpected(f"GET {path}: {answer.status_code}")
        return answer.text

    def send(self, page: str, path: str, fields: Mapping[str, str | Sequence[str]]) -> str:
        """Fill in and send a form that stands on `page`. Returns where it led.

        Raises Unexpected when the form came back instead.
        """
        token = CSRF.search(self.get(page))
        if token is None:
            raise Unexpected(f"no form on {page}")
        answer = self.http.post(path, data={"csrf": token[1], **fields})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise Unexpected(f"POST {path}: {answer.status_code}")
        return answer.headers["location"]

    def sign_up(self, path: str, *, login: str, passphrase: str, time_zone: str = "Europe/Dublin") -> None:
        """Sign up by an invitation, and confirm the recovery kit by three of its groups."""
        token = path.rsplit("/", 1)[1]
        self.send(path, "/sign-up", {"login": login, "passphrase": passphrase, "again": passphrase, "token": token, "time_zone": time_zone})
        kit = self.get("/recovery-kit")
        groups, asked = GROUPS.findall(kit), ASKED.search(kit)
        if asked is None:
            raise Unexpected("no recovery kit")
        self.send("/recovery-kit", "/recovery-kit", {"asked": asked[1], **{f"group-{n}": groups[int(n) - 1] for n in asked[1].split(",")}})

    def unlock(self, *, login: str, passphrase: str) -> None:
        """Unlock with the passphrase."""
        self.send("/unlock", "/unlock", {"login": login, "passphrase": passphrase})

    def contact_link(self, vendor_id: str, label: str) -> str:
        """Make a contact link for a vendor. Returns its URL."""
        led = self.send(f"/vendors/{vendor_id}", f"/vendors/{vendor_id}/addresses", {"label": label})
        found = re.search(rf"{re.escape(self.base_url)}/a/[\w-]+", self.get(led.split("?")[0]))
        if found is None:
            raise Unexpected("no contact link on its page")
        return found[0]

    def waiting(self) -> list[str]:
        """The ids of the requests on the page of requests that can still be answered."""
        found = dict.fromkeys(re.findall(r"/requests/([0-9a-f]{32})", self.get("/requests")))
        return [one for one in found if f"/requests/{one}/decline" in self.get(f"/requests/{one}")]
