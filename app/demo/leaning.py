"""What the demo owner needs the three for, and what they know better than the numbers: enough for the balance to tip."""

from datetime import datetime, timedelta

from app.demo.browser import Browser


def lean(robin: Browser, vendors: tuple[str, str, str], *, now: datetime) -> None:
    """Three jobs, two corrections and two times the signposts. Raises Unexpected where the instance does not play along."""
    shop, insurer, provider = vendors
    line = _job(robin, "A line that does not drop", "Calls hold\nNobody asks why I went silent", ordinary="much", need="all")
    until = (now + timedelta(days=300)).date().isoformat()
    _step(robin, line, "hire", {"vendor": provider, "bound": "until", "bound_until": until, "since": _day(now, 500)})
    ways = "Ask the neighbours how theirs holds\nGive notice two months before the end\nTake the number along"
    _step(robin, line, "alternatives", {"name": "Harbour Fibre", "effort": "much", "on_the_day": "no", "ways": ways})
    _step(robin, line, "look", {})
    _step(robin, line, "review", {"vendor": provider, "went": "bad", "again": "no", "note": "Two days without a line."})
    food = _job(robin, "Food within five minutes' walk", "Fresh\nSomebody who says hello", ordinary="some", need="some")
    _step(robin, food, "hire", {"vendor": shop, "bound": "free", "since": _day(now, 600)})
    for name in ("The market on Saturday", "The supermarket by the bridge"):
        _step(robin, food, "alternatives", {"name": name, "effort": "little", "on_the_day": "yes"})
    _step(robin, food, "look", {})
    sleep = _job(robin, "Sleep well when the cat is ill", "The vet is paid the same week", ordinary="little", need="all")
    _step(robin, sleep, "hire", {"vendor": insurer, "bound": "unsaid", "since": _day(now, 200)})
    _correct(robin, provider, ("0", "0.02"), "One customer of a hundred thousand.")
    _correct(robin, shop, ("0.3", "0.5"), "A few dozen of us keep the place alive.")
    _signposts(robin, shop, {"care-them": "partly", "care-me": "yes", "trust-me": "yes", "at": _day(now, 300)})
    _signposts(robin, shop, {"care-them": "yes", "care-me": "yes", "proactive-them": "yes", "trust-them": "yes", "trust-me": "yes"})


def _job(robin: Browser, title: str, outcomes: str, *, ordinary: str, need: str) -> str:
    led = robin.send("/jobs/new", "/jobs/new", {"title": title, "outcomes": outcomes, "ordinary": ordinary, "need": need})
    return led.split("?")[0]


def _step(robin: Browser, job: str, act: str, fields: dict[str, str]) -> None:
    robin.send(job, f"{job}/{act}", fields)


def _correct(robin: Browser, vendor: str, ends: tuple[str, str], why: str) -> None:
    path = f"/vendors/{vendor}/balance/revenue"
    robin.send(path, path, {"says": "range", "low": ends[0], "high": ends[1], "day": "both", "why": why})


def _signposts(robin: Browser, vendor: str, answers: dict[str, str]) -> None:
    path = f"/vendors/{vendor}/signposts"
    robin.send(path, path, answers)


def _day(now: datetime, days: int) -> str:
    return (now - timedelta(days=days)).date().isoformat()
