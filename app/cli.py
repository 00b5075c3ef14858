"""The command line. On a pipe it prints only the result (a link, a token, a verdict), so that scripts can use it.

Each verb loads what it needs, so that `--help` answers at once and nothing but the server's own stays in the server's memory.
"""

import gc
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from app.auth.invitations import Guest
    from app.database import Stores
    from app.settings import Settings
    from vault.instance import InstanceKeys

app = typer.Typer(
    name="bothways",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Your side of the relationship. Settings come from BOTHWAYS_* in the environment; the README lists them.",
)
invite_app = typer.Typer(no_args_is_help=True, help="Make a one-time invitation, valid for seven days.")
app.add_typer(invite_app, name="invite")


@cache
def console(*, stderr: bool) -> "Console":
    """Where something is said to a person."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def result(line: str) -> None:
    """Print what a script may want."""
    print(line)


def settings_or_exit() -> "Settings":
    """The settings, or an exit that names what is wrong with them, without their values."""
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings()
    except ValidationError as wrong:
        for problem in wrong.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            console(stderr=True).print(f"[red]Setting BOTHWAYS_{name}:[/] {problem['msg']}")
        raise typer.Exit(2) from None


def instance_of(settings: "Settings") -> "InstanceKeys":
    """The instance's keys, as the server opens them."""
    from vault.instance import load_or_create

    given = settings.instance_secret.get_secret_value() if settings.instance_secret else None
    return load_or_create(settings.data_dir / "instance-secret", given)


def told(line: str) -> None:
    """Explain to a person; a script on a pipe is not told."""
    if sys.stdout.isatty():
        console(stderr=True).print(line)


def _stores(settings: "Settings") -> "Stores":
    from app import migrations
    from app.database import open_stores

    migrations.upgrade(settings)
    return open_stores(settings)


@app.command()
def serve() -> None:
    """Migrate, then serve until stopped. Prints the address and, until the first owner exists, a one-time set-up link."""
    gc.disable()  # what start-up makes stays for good; `app.main` sets it aside and switches the collector on
    # Whoever waits for a database waits for the interpreter's lock again after each answer, by default for up to 5 ms.
    sys.setswitchinterval(0.0005)
    import uvicorn

    from app import clock, logs
    from app.auth import invitations

    settings = settings_or_exit()
    logs.set_up(settings.log_level)
    stores = _stores(settings)
    with stores.main.writing() as db:
        token = invitations.set_up(db, now=clock.now())
    stores.close()
    result(f"Bothways: {settings.base_url}")
    if token:
        result(f"Set up: {settings.base_url}/sign-up/{token}")
    sys.stdout.flush()
    from app.main import create_app

    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        ws="none",
        log_level="warning",
        timeout_graceful_shutdown=10,
    )


@app.command()
def migrate() -> None:
    """Bring both databases to this version's schema. `serve` does it too; this is for doing it at a time of your own."""
    from app import migrations

    migrations.upgrade(settings_or_exit(), say=told)
    result("migrated")


@invite_app.command("owner")
def invite_owner() -> None:
    """Invite a person to sign up here. Prints a link that works once; hand it over privately."""
    from app.auth.invitations import Guest

    settings = settings_or_exit()
    told("Whoever opens this link first becomes an owner on this instance. It works once, for seven days:")
    result(f"{settings.base_url}/sign-up/{_invite(settings, Guest.OWNER)}")


@invite_app.command("client")
def invite_client() -> None:
    """Invite an organisation's developer to register a client. Prints an initial access token (RFC 7591, section 1.2)."""
    from app.auth.invitations import Guest

    settings = settings_or_exit()
    told(f"To be sent once as `Authorization: Bearer …` to {settings.base_url}/oauth/register:")
    result(_invite(settings, Guest.CLIENT))


def _invite(settings: "Settings", guest: "Guest") -> str:
    from app import clock
    from app.auth import instance_ledger, invitations

    stores = _stores(settings)
    now = clock.now()
    with stores.main.writing() as db:
        token = invitations.invite(db, guest, now=now)
        instance_ledger.append(db, f"{guest}.invited", actor="cli", details={}, now=now)
    stores.close()
    return token


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file; one that exists is left alone.")],
    seal: Annotated[bool, typer.Option("--seal", help="Ask for a passphrase and seal the file with it (age).")] = False,
    to: Annotated[str, typer.Option("--to", help="Seal the file to an age public key, age1…")] = "",
) -> None:
    """Write the main database into one file, as of one moment, while everything goes on. Keep the instance secret as well, elsewhere."""
    from app import backup_files, clock
    from app.auth import instance_ledger
    from app.snapshot import BadBackup

    settings = settings_or_exit()
    stores = _stores(settings)
    passphrase = typer.prompt("Passphrase for the file", hide_input=True, confirmation_prompt=True, err=True) if seal else ""
    now = clock.now()
    try:
        rows = backup_files.write(stores.main.engine, file, passphrase=passphrase, recipient=to, now=now)
        with stores.main.writing() as db:
            instance_ledger.append(db, "database.backed_up", actor="cli", details={"rows": rows}, now=now)
    except (BadBackup, OSError) as failed:
        raise _failed(failed) from None
    finally:
        stores.close()
    told(f"{rows} rows. Not in it, and needed for a restore: the instance secret ({settings.data_dir / 'instance-secret'}).")
    told("Never back up the state store.")
    result(str(file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `bothways backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Throw away the owners and clients that are here now.")] = False,
    identity: Annotated[Path | None, typer.Option("--identity", help="The age secret key, for a file sealed to a public key.")] = None,
) -> None:
    """Put a backup in the place of the main database, all of it or nothing. Stop the server first. Owners are told when they unlock."""
    from app import backup_files, clock, migrations, restoring
    from app.snapshot import BadBackup

    settings = settings_or_exit()
    stores = _stores(settings)
    secret = settings.data_dir / "instance-secret"
    if settings.instance_secret is None and not secret.exists():
        console(stderr=True).print(
            f"There is no instance secret at {secret}: a new one is made. Contact links from before need the old one."
        )
    try:
        sealed = backup_files.is_sealed(file)
        passphrase = typer.prompt("Passphrase of the file", hide_input=True, err=True) if sealed and identity is None else ""
        source = backup_files.source(file, passphrase=passphrase, identity=identity.read_text(encoding="ascii") if identity else "")
        done = restoring.restore(stores, instance_of(settings), source, replace=replace, now=clock.now())
    except restoring.InstanceInUse:
        raise _failed("there are owners or clients in this database; say --replace to throw them away") from None
    except (BadBackup, migrations.NewerSchema, OSError) as failed:
        raise _failed(failed) from None
    finally:
        stores.close()
    told(f"{done.rows} rows as of {done.heading.made_at}; {done.withdrawn} permissions withdrawn since are withdrawn again.")
    told("Companies find every permission paused until its owner has unlocked and confirmed the restore on Today.")
    result("restored")


def _failed(why: object) -> typer.Exit:
    from rich.markup import escape

    console(stderr=True).print(f"[red]Nothing was changed:[/] {escape(str(why))}")
    return typer.Exit(1)


@app.command("verify-ledger")
def verify_ledger(
    login: Annotated[str | None, typer.Argument(help="One owner's login name; every owner's ledger when left out.")] = None,
) -> None:
    """Check that no ledger was edited, shortened, reordered or rewritten, against the state store's marks. Exits with 1 if one was."""
    from app.auth import instance_ledger
    from app.exchange import marks
    from app.verify import ledger_verdict

    stores = _stores(settings_or_exit())
    verdicts = list(ledger_verdict(stores, login=login, mark_of=marks.mark_of))
    with stores.main.reading() as db:
        broken_at = instance_ledger.verify(db)
    stores.close()
    if login is not None and not verdicts:
        console(stderr=True).print(f"Nobody here has the login name {login!r}.")
        raise typer.Exit(2)
    for verdict in verdicts:
        result(verdict.line)
    if login is None:
        result("instance ledger: holds" if broken_at is None else f"instance ledger: broken at entry {broken_at}")
    if any(not verdict.holds for verdict in verdicts) or broken_at is not None:
        raise typer.Exit(1)


@app.command("verify-receipt")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(help="The receipt, a compact JWS in a file; - for standard input.")],
    key: Annotated[Path, typer.Option("--key", help="The public key as a JWK or a JWKS (the `jwks` of `GET /grant`).")],
) -> None:
    """Check a receipt with nothing but the receipt and the public key. Prints what it says; exits with 1 when it does not hold."""
    from app.verify import receipt_verdict

    text = sys.stdin.read() if str(receipt) == "-" else receipt.read_text(encoding="utf-8")
    verdict = receipt_verdict(text, key.read_text(encoding="utf-8"))
    result(verdict.line)
    if not verdict.holds:
        raise typer.Exit(1)


@app.command("demo")
def run_demo() -> None:
    """Serve a throw-away instance in ./demo with an owner, three vendors, a lively history, and contact links that answer by themselves."""
    from app import demo

    demo.run(settings_or_exit(), say=result)


@app.command()
def check() -> None:
    """Look over settings, files, schemas and ledgers, and say what is wrong in plain words. Exits with 1 when something is."""
    from app.checks import findings

    settings = settings_or_exit()
    wrong = False
    for finding in findings(settings):
        wrong = wrong or not finding.fine
        result(f"{'ok  ' if finding.fine else 'WRONG'} {finding.text}")
    if wrong:
        raise typer.Exit(1)


def main() -> None:
    """Entry point of `bothways`."""
    app()


if __name__ == "__main__":
    main()
