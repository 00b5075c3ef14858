"""Hostile bodies sent through the vendor's door and looked at in a real browser, with its network log on.

Each body is a message of its own on a page of its own, so that none can hide behind another. What is watched: scripts (a
global that every payload tries to set, dialogs, script errors), requests to anywhere but this instance, violations of the
content security policy (something was there to be refused), and whether a pixel outside the message's box belongs to it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlsplit

from httpx2 import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

from app import clock
from app.demo.browser import Browser as Owner
from tests.app.ui.test_vendor_words import HOSTILE
from tests.browsing import PASSPHRASE
from tests.factories import make_details
from tests.serving import Server
from tests.shop import Shop

RUN = "window.__ran=1"
ELSEWHERE = "https://tracker.example"

SCRIPTED = tuple(
    f"<{tag} {handler}={RUN} {more}>x</{tag}>"
    for tag, (handler, more) in product(
        ("a", "p", "div", "img", "svg", "details", "marquee", "input", "video", "body", "x-y"),
        (
            ("onload", ""),
            ("onerror", f"src={ELSEWHERE}/x"),
            ("onfocus", "autofocus tabindex=1"),
            ("ontoggle", "open"),
            ("onmouseover", "style=position:fixed;inset:0"),
            ("onanimationstart", "style=animation:x"),
            ("onbeforetoggle", "popover"),
        ),
    )
)
LOADING = tuple(
    f"<{tag} {attribute}={ELSEWHERE}/{tag}>"
    for tag in (
        "img",
        "source",
        "video",
        "audio",
        "track",
        "iframe",
        "frame",
        "embed",
        "object",
        "link",
        "script",
        "input",
        "body",
        "table",
    )
    for attribute in ("src", "srcset", "data", "href", "background", "poster", "lowsrc", "dynsrc")
)
STYLED = tuple(
    f"<div style='{style}'>x</div>"
    for style in (
        f"background:url({ELSEWHERE}/b)",
        f"list-style-image:url({ELSEWHERE}/l)",
        f"cursor:url({ELSEWHERE}/c),auto",
        f"mask:url({ELSEWHERE}/m)",
        f"content:url({ELSEWHERE}/k)",
        f"border-image:url({ELSEWHERE}/i) 1",
        f"behavior:url({ELSEWHERE}/h)",
        "position:fixed;inset:0;background:red;z-index:9999",
        "position:absolute;left:-9999px",
        "margin-top:-500px",
        "margin-left:-500px;width:5000px",
        "width:100vw;height:300vh;transform:scale(9)",
        "display:block;font-size:900px",
        "float:left;width:9999px",
    )
)
POSING = (
    "</div></article></main><nav><a href=/unlock>Unlock</a></nav><form action=/unlock method=post><input name=passphrase></form>",
    "</div><div class='notice notice-bad'>Your account is closed</div>",
    "<h1>Unlock</h1><label>Passphrase<input type=password></label>",
    "<dialog open>Sign in</dialog><div popover=manual id=a>x</div><button popovertarget=a>y</button>",
    "<a href='https://bothways.example@evil.example/'>Bothways</a><a href='//evil.example'>x</a><a href='/settings/delete-account'>y</a>",
    "<a href=javascript:window.__ran=1>x</a><a href='java&#10;script:window.__ran=1'>y</a><a href=data:text/html,x>z</a>",
    f"<meta http-equiv=refresh content='0;url={ELSEWHERE}'><base href={ELSEWHERE}>",
    f"<style>@import '{ELSEWHERE}/s';*{{display:none}}body{{background:url({ELSEWHERE}/b)}}</style>",
)
WIDE = (
    "W" * 20_000,
    "<pre>" + "W" * 20_000 + "</pre>",
    "<table><tr>" + "<td>wide wide</td>" * 300 + "</tr></table>",
    "<td colspan=100000 rowspan=100000>x</td>",
    "<ul><li>" * 400 + "deep",
    "<blockquote>" * 400 + "deep",
    "<br>" * 3000,
    "e" + "\u0301" * 3000,
    "\u202e\u2066 desrever \u202d",
    "<p>" + "\ufdfd" * 500,
    "<h3>" * 200 + "x",
    "<hr>" * 500,
)
WRAPPED = (
    "{}",
    "<table><tr><td>{}</td></tr></table>",
    "<a href='https://shop.example'>{}</a>",
    "<svg><foreignObject>{}</foreignObject></svg>",
    "<math><annotation-xml encoding='text/html'>{}</annotation-xml></math>",
    '<noscript><p title="</noscript>{}">',
    "<!-- --!>{}<!-- -->",
    "<<x>{}",
)


def payloads() -> list[tuple[str, str]]:
    """Every (format, body), those that differ most first, so that a few are of every kind."""
    kinds = (HOSTILE, SCRIPTED, LOADING, STYLED, POSING, WIDE)
    plain = [body for kind in kinds for body in kind]
    first = [body for row in zip(*(_spread(kind, 6) for kind in kinds), strict=True) for body in row]
    wrapped = [wrap.format(body) for wrap in WRAPPED[1:] for body in (*STYLED, *POSING, *SCRIPTED[::7], *LOADING[::9])]
    written = [("html", body) for body in (*first, *plain, *wrapped)] + [("markdown", body) for body in (*HOSTILE, *POSING, *WIDE)]
    # What the door refuses unread (NUL, too long) never gets to a page.
    return [one for one in dict.fromkeys(written) if len(one[1]) <= 60_000 and "\0" not in one[1]]


def _spread(kind: Sequence[str], count: int) -> list[str]:
    return [kind[step * (len(kind) - 1) // (count - 1)] for step in range(count)]


@dataclass
class Seen:
    """What a browser did that it should not have done, by the number of the message."""

    faults: list[str]
    at: str = ""

    def note(self, what: str) -> None:
        """Something happened while a message was shown."""
        self.faults.append(f"{self.at}: {what}")

    def watch(self, page: Page, origin: str) -> None:
        """Listen to everything that a page says and asks for."""

        def on_console(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
                self.note(message.text)

        def on_request(request: Request) -> None:
            if not request.url.startswith(f"{origin}/"):
                self.note(f"asked for {request.url}")

        def on_dialog(dialog: Dialog) -> None:
            self.note("a dialog")
            dialog.dismiss()

        page.on("console", on_console)
        page.on("request", on_request)
        page.on("dialog", on_dialog)
        page.on("pageerror", lambda error: self.note(f"script error: {error}"))


# Runs in the page: whether a payload ran, and which points outside the message's box answer with something inside it.
LOOK = """() => {
  const letter = document.querySelector('.letter'), box = letter.getBoundingClientRect(), found = [];
  if (window.__ran !== undefined) found.push('a script ran');
  if (document.querySelectorAll('.letter').length !== 1) found.push('more than one message');
  if (letter.querySelector('script,style,iframe,object,embed,link,meta,base,form,input,button,svg,img,video,audio,dialog'))
    found.push('an element that has no place there');
  for (const one of letter.querySelectorAll('*'))
    for (const attribute of one.attributes)
      if (!['href', 'rel', 'colspan', 'rowspan', 'start', 'class'].includes(attribute.name)) found.push('attribute ' + attribute.name);
  for (let x = 2; x < innerWidth; x += 24)
    for (let y = 2; y < innerHeight; y += 24) {
      const inside = x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 1 && y <= box.bottom + 1;
      const hit = document.elementFromPoint(x, y);
      if (!inside && hit && letter.contains(hit)) found.push(`a pixel outside its box at ${x},${y}`);
    }
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page became wider than the screen');
  return found;
}"""


def looked_at(server: Server, context: BrowserContext, chosen: Sequence[tuple[str, str]]) -> int:
    """Send each body, open each message in the browser, and look. Returns how many. Raises AssertionError with every fault."""
    owner = Owner(server.url)
    owner.sign_up(urlsplit(server.set_up).path, login="robin", passphrase=PASSPHRASE)
    shop = _shop(server, owner)
    cookies = [{"name": cookie.name, "value": cookie.value or "", "url": server.url} for cookie in owner.http.cookies.jar]
    context.add_cookies(cookies)  # type: ignore[arg-type]  # the three keys that it needs
    page, seen = context.new_page(), Seen([])
    seen.watch(page, server.url)
    for form, body in chosen:
        answer = shop.send(title="Hostile", body=body, format=form)
        assert answer.status_code == 202, answer.text
        seen.at = f"{form} {body[:120]!r}"
        shown = page.goto(f"{server.url}/inbox/{answer.json()['id']}")
        assert shown is not None
        assert shown.status == 200, seen.at
        for fault in page.evaluate(LOOK):
            seen.note(fault)
    assert not seen.faults, "\n".join(seen.faults[:40])
    return len(chosen)


def _shop(server: Server, owner: Owner) -> Shop:
    led = owner.send("/addresses", "/addresses", {"label": "hostile"})
    link = re.search(r"/a/[\w-]+", owner.get(led.split("?")[0]))
    assert link is not None
    details = make_details(now=clock.now(), frequency={"count": 1000, "per": "P1D"})
    shop = Shop(Client(base_url=server.url, timeout=30)).register(link[0]).ask(details)
    path = f"/requests/{shop.asked['request_id']}"
    owner.send(path, f"{path}/approve", {"keep-0": "1", "vendor": "new"})
    return shop.collect()
