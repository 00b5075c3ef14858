"""A thief takes everything that lies on the disk while the owner is away, and finds nothing that is the owner's.

The main database with its write-ahead log, the state store without its cookie, what `pg_dump` writes, the log at its most
talkative, and the folder for temporary files. Fields are found by looking at the models, so that a new one falls under
this by itself.
"""

import secrets
from contextlib import ExitStack
from pathlib import Path

from httpx2 import Client

from app.database import open_stores
from app.settings import Settings
from tests.browsing import PASSPHRASE
from tests.databases import Database
from tests.places import HOME, SEEN, basic, position
from tests.populating import Populated, attach, populate
from tests.samples import free_texts
from tests.searching import files, leaks, places
from tests.serving import Server
from vault.instance import load_or_create
from vault.records import MODELS, Kind

# Past this size Starlette's own parser puts an upload onto the disk.
SPOOLED = 1024 * 1024
# Runs inside the server: a temporary file without a name is gone before anybody could search it, so its opening is noted.
WATCH = """
import os, sys
noted = os.open(os.environ["NOTED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def watch(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        os.write(noted, f"{os.fspath(args[0])}\\n".encode() if isinstance(args[0], (str, os.PathLike)) else b"")
sys.addaudithook(watch)
"""


def test_nothing_of_the_owners_lies_on_the_disk(settings: Settings, database: Database, tmp_path: Path) -> None:
    """Not one canary, in any encoding; and what is on the CLEAR list is found, so the search looked in the right places."""
    word, typed = f"canary-{secrets.token_hex(6)}-é-{secrets.token_hex(6)}", f"typed-{secrets.token_hex(12)}"
    noted, temporary = tmp_path / "noted", tmp_path / "temporary"
    for folder, name, text in ((temporary, "empty", ""), (tmp_path / "inside", "sitecustomize.py", WATCH)):
        folder.mkdir()
        (folder / name).write_text(text)
    extra = {"TMPDIR": str(temporary), "NOTED": str(noted), "PYTHONPATH": str(tmp_path / "inside")}
    server = Server(settings.model_copy(update={"log_level": "debug"}), tmp_path / "server.log", extra=extra).start()
    clients = ExitStack()
    try:
        one, known = _live(server, settings, clients, word=word, typed=typed)
        stolen = [*files(settings.data_dir, settings.state_dir, tmp_path / "server.log", temporary), *_dumps(database)]
        known |= {"a word of theirs": word, "something typed": typed, "the recovery code": one.recovery_code}
        assert leaks(stolen, known) == []
        everything = b"".join(content for _where, content in stolen)
        assert all(places(everything, clear) for clear in ("robin-the-owner", "We tell you about openings", one.grant_id))
    finally:
        clients.close()
        server.stop()
    assert leaks(files(settings.data_dir, settings.state_dir, tmp_path / "server.log", temporary), known) == []
    assert "instance-secret" in noted.read_text(), "the watch inside the server saw nothing"
    assert [path for path in noted.read_text().splitlines() if not _may_be_written(path, settings)] == []


def test_every_kind_of_record_carries_canaries() -> None:
    """Each kind has free text, and the sample fills all of it; but for those that hold codes, ids and times alone."""
    assert {kind for kind, model in MODELS.items() if not free_texts(model, "canary-in-a-field")} == {Kind.RELEASE, Kind.MY_TERMS}


def _live(server: Server, settings: Settings, clients: ExitStack, *, word: str, typed: str) -> tuple[Populated, dict[str, str | bytes]]:
    def new_client() -> Client:
        return clients.enter_context(Client(base_url=server.url, timeout=60, trust_env=False))

    stores, instance = open_stores(settings), load_or_create(settings.data_dir / "instance-secret", None)
    one = populate(new_client, stores, settings, instance, link=server.set_up, login="robin-the-owner", word=word)
    stores.close()
    browsing = one.browsing
    for path in ("/today", "/inbox", f"/inbox/{one.message_id}", "/ledger", "/items", f"/vendors?q={typed}"):
        assert browsing.get(path).status_code == 200, path
    assert browsing.get(f"/no-such-page/{typed}").status_code == 404
    browsing.get("/vendors/new")
    assert browsing.submit("/vendors/new", {"name": f"{typed} {word}", "notes": word}).status_code == 303
    assert browsing.submit("/vendors/new", {"name": typed, "since": word}).status_code == 422
    browsing.get("/items/new")
    assert browsing.submit("/items/new", {"term": "pd:EmailAddress", "value": typed, "note": word}).status_code == 303
    browsing.get("/imports/new")
    rows = "".join(f"{word},https://{number}.example,{typed},{typed},{word * 60}\n" for number in range(700))
    spooled = f"name,url,username,password,note\n{rows}".encode()
    assert len(spooled) > SPOOLED
    assert browsing.post("/imports/new", files={"file": (f"{word}.csv", spooled, "text/csv")}).status_code == 303
    document = attach(browsing, f"/vendors/{one.vendor_id}", f"{word}.csv", spooled)
    assert browsing.get(f"/vendors/{one.vendor_id}/documents/{document}").content == spooled
    # Where the phone was; the zone around the home stands in what was populated.
    seen = one.browsing.client.post("/devices/owntracks", json=position(SEEN), headers=basic(one.phone.token))
    assert (seen.status_code, seen.text) == (200, "[]")
    browsing.get("/nearby")
    assert browsing.submit("/nearby", {"latitude": str(SEEN[0]), "longitude": str(SEEN[1])}).status_code == 200
    stranger = new_client()
    stranger.post("/unlock", data={"login": typed, "passphrase": typed})
    stranger.get(f"/sign-up/{typed}")
    assert one.shop.http.post("/api/v1/messages", content=typed.encode(), headers=one.shop.bearer).status_code == 422
    cookie = max(browsing.client.cookies.jar, key=lambda cookie: len(cookie.value or "")).value or ""
    assert len(cookie) > 64
    known: dict[str, str | bytes] = {
        "the account key": one.keyring.export_amk(),
        "the passphrase": PASSPHRASE,
        "the session cookie": cookie,
        "its key half": bytes.fromhex(cookie)[32:],
        "the grant token": one.shop.granted["access_token"],
        "the client secret": one.shop.client["client_secret"],
        "the webhook secret": one.shop.client["webhook_secret"].removeprefix("whsec_"),
        "the device code": one.shop.asked["device_code"],
        "the contact link's handle": one.shop.login_hint,
        "where the owner lives": f"{HOME[1]},{HOME[0]}",
        "where the owner was": str(SEEN[0]),
        "how far east the owner was": str(SEEN[1]),
        "the phone's token": one.phone.token,
    }
    return one, known


def _dumps(database: Database) -> list[tuple[str, bytes]]:
    if database.cluster is None:
        return []
    return [(f"pg_dump of {name}", database.cluster.dump(name)) for name in database.names]


def _may_be_written(path: str, settings: Settings) -> bool:
    """The two folders of the instance; and what Python and the coverage of these tests keep for themselves."""
    mine = path.startswith((f"{settings.data_dir}/", f"{settings.state_dir}/"))
    return mine or path == "/dev/null" or "/__pycache__/" in path or "/.coverage" in path
