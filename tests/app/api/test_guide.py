"""The guide is true: its commands, run as they stand by a shell against a real server, end as it says."""

import re
import subprocess
from datetime import datetime
from pathlib import Path

from httpx2 import Client

from app import clock
from app.api.problem_kinds import PROBLEMS
from app.database import Stores
from app.exchange import addresses
from tests.browsing import Browsing
from tests.factories import make_account
from tests.serving import Server
from vault.instance import load_or_create

GUIDE = (Path(__file__).parents[3] / "app/api/GUIDE.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
OWNER_ACTS = re.compile(r"<!-- the owner (grants|counters) -->")
DONE = "--the-block-is-done--"


class Shell:
    """One shell that a developer types into."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["bash", "-euo", "pipefail"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def type(self, commands: str) -> list[str]:
        """Type commands; what they print, line by line. Fails when one of them fails."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{commands}\necho\necho {DONE}\n")
        self.process.stdin.flush()
        printed: list[str] = []
        for line in self.process.stdout:
            if line.strip() == DONE:
                return [text for text in printed if text]
            printed.append(line.strip())
        raise AssertionError(f"the shell stopped at:\n{commands}\n{printed}")

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def hand_out_link(server: Server, stores: Stores) -> str:
    """An owner with a contact link for the shop."""
    account, keyring, _mailbox = make_account(stores, now=clock.now())
    keys = load_or_create(server.settings.data_dir / "instance-secret", None)
    with stores.main.writing() as db:
        made = addresses.open_address(
            db, keyring, account.account_id, keys, vendor_id=None, label="Corner Shop", expires_at=None, now=clock.now()
        )
    return addresses.url(server.settings, made[1])


def answer_in_a_browser(server: Server, act: str) -> None:
    """What the guide asks of the owner: tick the line, and grant it or offer it under another agreement."""
    with Client(base_url=server.url) as client:
        browser = Browsing(client).unlock()
        request_id = re.findall(r"/requests/([0-9a-f]{32})", browser.get("/requests").text)[0]
        browser.get(f"/requests/{request_id}")
        path, more = ("approve", {}) if act == "grants" else ("counter", {"agreement": "SD-BASE-DP"})
        (form,) = [form for form in browser.forms if form.action == f"/requests/{request_id}/approve"]
        assert browser.post(f"/requests/{request_id}/{path}", {**form.fields, "keep-0": "1", **more}).status_code == 303


def test_guide_from_link_to_refusal(server: Server, stores: Stores) -> None:
    """Each command succeeds, and whatever the guide says it prints, it prints."""
    link, shell = hand_out_link(server, stores), Shell()
    printed: list[str] = []
    try:
        for number, part in enumerate(OWNER_ACTS.split(GUIDE)):
            if number % 2:
                assert number > 1 or printed == ["pending"]
                answer_in_a_browser(server, part)
                continue
            for block in BLOCK.findall(part):
                commands = f'LINK="{link}"' if block.startswith("LINK=") else block
                printed += shell.type(commands)
    finally:
        shell.close()
    granted, *rest = printed[1:]
    assert '"authorization_details":[' in granted
    assert rest[:3] == ['{"allowed":true}', "accepted", "accepted"]
    assert rest[3:5] == [f"{server.url}/problems/over-frequency", "explained"]
    assert (rest[5], rest[7]) == ("given", "granted")
    assert rest[8:11] == ["204", '{"items":[]}', "offered"]
    assert datetime.fromisoformat(rest[11]).tzinfo
    del rest[8:12]
    assert rest[8:12] == ["consent.granted", '{"items":[]}', "https://shop.example/hooks", "open"]
    assert rest[12].startswith('{"items":[')
    assert rest[13:16] == ["204", "200", "handed_back"]
    assert rest[16:] == ["countered", "SD-BASE-DP", "granted"]


def test_guide_names_only_problems_that_exist() -> None:
    """Slugs in the guide are slugs of the table."""
    named = set(re.findall(r"`((?:consent|over|outside|rate|idempotency|not)-[a-z-]+)`", GUIDE))
    assert named
    assert named <= set(PROBLEMS)
