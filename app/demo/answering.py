"""Owners who answer every request by habit, so that an integration can be tried without anyone clicking."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from app.demo.browser import Browser, Unexpected

Habit = Callable[[Browser, str], None]


def _grant(owner: Browser, request_id: str) -> None:
    _approve(owner, request_id, {})


def _narrow(owner: Browser, request_id: str) -> None:
    """One message where more were asked for."""
    page = owner.get(f"/requests/{request_id}")
    counts = re.findall(r'name="(count-\d+)"', page)
    _approve(owner, request_id, dict.fromkeys(counts, "1"))


def _counter(owner: Browser, request_id: str) -> None:
    """One message where more were asked for, and a day less: offered, for the company to accept or refuse."""
    path = f"/requests/{request_id}"
    page = owner.get(path)
    fields = dict.fromkeys(re.findall(r'name="(keep-\d+)"', page), "1") | dict.fromkeys(re.findall(r'name="(count-\d+)"', page), "1")
    last = re.search(r'name="expires"\s+type="date"\s+value="([\d-]{10})"', page)
    if last is None:
        raise Unexpected("a request without its last day")
    sooner = date.fromisoformat(last[1]) - timedelta(days=1)
    owner.send(path, f"{path}/counter", {**fields, "expires": sooner.isoformat(), "agreement": "asked", "vendor": "new"})


def _decline(owner: Browser, request_id: str) -> None:
    owner.send(f"/requests/{request_id}", f"/requests/{request_id}/decline", {})


def _approve(owner: Browser, request_id: str, changes: dict[str, str]) -> None:
    page = owner.get(f"/requests/{request_id}")
    kept = dict.fromkeys(re.findall(r'name="(keep-\d+)"', page), "1")
    owner.send(f"/requests/{request_id}", f"/requests/{request_id}/approve", {**kept, **changes, "vendor": "new"})


HABITS: dict[str, Habit] = {"grants": _grant, "narrows": _narrow, "counters": _counter, "declines": _decline, "withdraws": _grant}


class Answering:
    """Looks at each owner's pages and does what that owner always does."""

    def __init__(self) -> None:
        self.owners: list[tuple[Browser, Habit]] = []
        self.withdrawing: list[Browser] = []

    def add(self, owner: Browser, habit: str) -> None:
        """Let one more owner answer, in the way that `HABITS` names."""
        self.owners.append((owner, HABITS[habit]))
        if habit == "withdraws":
            self.withdrawing.append(owner)

    def look(self) -> None:
        """Answer what waits; withdraw where a first message has come."""
        for owner, habit in self.owners:
            for request_id in owner.waiting():
                habit(owner, request_id)
        for owner in self.withdrawing:
            self._withdraw_after_one(owner)

    def _withdraw_after_one(self, owner: Browser) -> None:
        if "/inbox/" not in owner.get("/inbox"):
            return
        for grant_id in dict.fromkeys(re.findall(r'action="/grants/([0-9a-f]{32})/withdraw"', owner.get("/grants"))):
            owner.send("/grants", f"/grants/{grant_id}/withdraw", {})
