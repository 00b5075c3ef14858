"""The command line, as on a pipe: the result and nothing else."""

import json
import re
from pathlib import Path

import pytest

from tests.serving import Server


@pytest.fixture
def stopped(settings: object, tmp_path: Path) -> Server:
    """A server's settings without its process: the CLI works on the data alone."""
    return Server(settings, tmp_path / "server.log")  # type: ignore[arg-type] # the settings fixture


def test_invitations_are_links_and_tokens(stopped: Server) -> None:
    """`invite owner` prints a link, `invite client` a token; both are one line."""
    assert re.fullmatch(rf"{stopped.url}/sign-up/bwo_[\w-]{{43}}\n", stopped.cli("invite", "owner").stdout)
    assert re.fullmatch(r"bwc_[\w-]{43}\n", stopped.cli("invite", "client").stdout)
    assert "instance ledger: holds" in stopped.cli("verify-ledger").stdout


def test_help_teaches_every_verb(stopped: Server) -> None:
    """Every verb says in a sentence what it does."""
    shown = stopped.cli("--help").stdout
    for verb in ("serve", "migrate", "invite", "verify-ledger", "verify-receipt", "demo", "check"):
        assert verb in shown
        assert len(stopped.cli(verb, "--help").stdout) > 80


def test_check_says_what_is_fine_and_what_is_not(stopped: Server) -> None:
    """`check` ends with 0 on a sound instance and with 1 when a file is open to others."""
    stopped.cli("migrate")
    sound = stopped.cli("check")
    assert "WRONG" not in sound.stdout
    stopped.settings.data_dir.chmod(0o755)
    loose = stopped.cli("check", check=False)
    assert loose.returncode == 1
    assert re.search("^WRONG data folder", loose.stdout, re.MULTILINE)


def test_wrong_setting_is_named(stopped: Server) -> None:
    """A setting that cannot be is named, with no traceback and no value of a secret."""
    stopped.extra["BOTHWAYS_SIGN_UP"] = "sometimes"
    done = stopped.cli("check", check=False)
    assert done.returncode == 2
    assert "BOTHWAYS_SIGN_UP" in done.stderr
    assert "Traceback" not in done.stderr


def test_receipt_that_is_none_is_broken(stopped: Server, tmp_path: Path) -> None:
    """Anything that is not a receipt under this key gets a verdict, not a traceback."""
    receipt, key = tmp_path / "receipt", tmp_path / "key"
    receipt.write_text("not a receipt")
    for text in ("not json", json.dumps([]), json.dumps({"keys": []}), json.dumps({"kty": "OKP"})):
        key.write_text(text)
        done = stopped.cli("verify-receipt", str(receipt), "--key", str(key), check=False)
        assert (done.returncode, done.stdout.split(":")[0]) == (1, "broken")


def test_unknown_owner_is_said(stopped: Server) -> None:
    """Verifying the ledger of nobody is a mistake, not a success."""
    done = stopped.cli("verify-ledger", "nobody", check=False)
    assert (done.returncode, done.stdout) == (2, "")
