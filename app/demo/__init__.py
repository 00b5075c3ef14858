"""`make demo`: a throw-away instance to look around in, and contact links on which an integration can be tried.

Everything in it came about over the real HTTP doors; nothing is written into the databases behind their backs.
"""

import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn

from app import clock, logs
from app.auth import invitations
from app.auth.invitations import Guest
from app.database import Stores
from app.demo.answering import HABITS, Answering
from app.demo.browser import Browser, Unexpected
from app.demo.story import tell
from app.main import create_app
from app.settings import Settings

FOLDER = Path("demo")
WORDS = ("apple", "lantern", "river", "button", "violet", "cobble", "harbour", "ginger", "thimble", "meadow", "copper", "saddle")


def run(
    settings: Settings, *, say: Callable[[str], None], ready: threading.Event | None = None, stop: threading.Event | None = None
) -> None:
    """Make the instance afresh in ./demo, tell its story, and answer requests until `stop` is set or the process ends.

    Raises Unexpected when the story cannot be told.
    """
    chosen = settings.model_copy(
        update={
            "data_dir": FOLDER / "data",
            "state_dir": FOLDER / "state",
            "database_url": None,
            "state_database_url": None,
            "kdf": "floor",
        }
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    logs.set_up("warning")
    app = create_app(chosen)
    server = uvicorn.Server(
        uvicorn.Config(
            app, host=chosen.host, port=chosen.port, proxy_headers=False, server_header=False, access_log=False, log_level="warning"
        )
    )
    serving = threading.Thread(target=server.run, name="demo-server")
    serving.start()
    over = stop or threading.Event()
    try:
        while not server.started:
            if not serving.is_alive():
                raise Unexpected(f"the demo could not listen on port {chosen.port}")
            over.wait(0.05)
        answering = _populate(chosen, app.state.stores, say)
        say("Stop it with Ctrl-C; `make demo` starts afresh.")
        if ready is not None:
            ready.set()
        while not over.wait(1):
            answering.look()
    except KeyboardInterrupt:
        pass
    finally:
        server.should_exit = True
        serving.join()


def _populate(settings: Settings, stores: Stores, say: Callable[[str], None]) -> Answering:
    passphrase = " ".join(secrets.choice(WORDS) for _ in range(5))
    now = clock.now()
    with stores.main.writing() as db:
        token = invitations.set_up(db, now=now)
    robin = Browser(settings.base_url)
    robin.sign_up(f"/sign-up/{token}", login="robin", passphrase=passphrase)
    tell(robin, now=now)
    answering = Answering()
    say(f"Bothways demo: {settings.base_url}")
    say(f"Login name: robin    Passphrase: {passphrase}")
    say("Contact links whose owners answer by themselves, within seconds:")
    for habit in HABITS:
        with stores.main.writing() as db:
            token = invitations.invite(db, Guest.OWNER, now=clock.now())
        owner = Browser(settings.base_url)
        owner.sign_up(f"/sign-up/{token}", login=habit, passphrase=secrets.token_urlsafe(16))
        led = owner.send("/vendors/new", "/vendors/new", {"name": "Your company"})
        link = owner.contact_link(led.split("?")[0].rsplit("/", 1)[1], "for trying an integration")
        answering.add(owner, habit)
        say(f"  {habit:10} {link}")
    return answering


__all__ = ["run"]
