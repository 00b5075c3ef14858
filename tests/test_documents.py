"""The documents are true: what they name exists, and what exists and matters is named."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from typer.main import get_command

from app.cli import app as cli
from app.settings import Settings
from tests.routes import routes_of

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *(ROOT / ".github").glob("*.md"),
        *(path for room in ("app", "vault", "consent") for path in (ROOT / room).rglob("*.md")),
    )
)
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
UNDER_THE_ROOMS = re.compile(r"`((?:app|vault|consent|tests)/[\w./-]+\.(?:py|md|html|css|js))(?:::?\w+)?`")


def each(pattern: str | re.Pattern[str]) -> list[tuple[str, str]]:
    """Every match of a pattern in every document, with the document's name."""
    return [(str(path.relative_to(ROOT)), found) for path in DOCUMENTS for found in re.findall(pattern, path.read_text(encoding="utf-8"))]


def verbs() -> dict[str, Any]:
    """Every verb of the command line, groups spelled out: `invite owner`."""
    root = get_command(cli)
    found: dict[str, Any] = {}
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # the root is a group
        below = getattr(command, "commands", None)
        found |= {f"{name} {verb}": deeper for verb, deeper in below.items()} if below else {name: command}
    return found


def test_every_setting_is_in_the_readme_as_it_is() -> None:
    """Name, default and meaning of each setting stand in the table, and no other."""
    rows = dict(re.findall(r"^\| `BOTHWAYS_(\w+)` \| (.*) \|$", README, re.MULTILINE))
    assert rows == {name.upper(): f"{_default(name)} | {field.description}" for name, field in Settings.model_fields.items()}


def test_every_setting_named_anywhere_exists() -> None:
    """A `BOTHWAYS_…` in a document, in compose.yaml or in the Dockerfile is a setting, or its `_FILE`."""
    known = {f"BOTHWAYS_{name.upper()}" for name in Settings.model_fields}
    texts = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for path in (*DOCUMENTS, ROOT / "Dockerfile", ROOT / "compose.yaml", ROOT / "Makefile")
    }
    named = {(where, name.removesuffix("_FILE")) for where, text in texts.items() for name in re.findall(r"BOTHWAYS_[A-Z_]*[A-Z]", text)}
    assert {(where, name) for where, name in named if name not in known} <= {("compose.yaml", "BOTHWAYS_IMAGE")}


def test_every_verb_is_in_the_readme_and_teaches() -> None:
    """The table of verbs is the command line's, and each verb's help says more than its name."""
    assert set(re.findall(r"^\| `bothways ([a-z -]+)` \|", README, re.MULTILINE)) == set(verbs())
    assert {name for name, command in verbs().items() if len(command.help or "") < 40} == set()
    for where, said in each(r"`bothways ([a-z][a-z-]+)"):
        assert said in {name.split()[0] for name in verbs()}, where


def test_every_make_target_named_exists() -> None:
    """Each `make <target>` in a document is in the Makefile."""
    assert {"run", "test", "demo", "bench", "prove", "image", "lock", "strings", "format", "clean"} <= TARGETS
    assert [
        (where, target)
        for where, target in each(r"`make ([a-z]+)`|^make ([a-z]+)$")
        for target in target
        if target and target not in TARGETS
    ] == []


def test_every_file_named_exists() -> None:
    """Paths in backticks and relative links lead somewhere."""
    assert [(where, path) for where, path in each(UNDER_THE_ROOMS) if not (ROOT / path).exists()] == []
    links = each(r"\]\((?!https?:|#|mailto:)([^)#]+)")
    assert len(links) > 10
    assert [(where, link) for where, link in links if not ((ROOT / where).parent / link).exists()] == []


def test_ci_runs_what_people_run() -> None:
    """`.ci/run` is `make test` and nothing beside it."""
    lines = [line for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_flows_name_routes_that_exist(app: FastAPI) -> None:
    """The four requests that FLOW.md follows are routes of the app, and so is every route named in the README."""
    shapes = {(route.method, re.sub(r"{[^}]*}", "{}", route.path)) for route in routes_of(app)}
    flow = (ROOT / "app" / "FLOW.md").read_text(encoding="utf-8")
    followed = re.findall(r"^`(GET|POST) (/[^`]+)`", flow, re.MULTILINE)
    assert len(followed) == 4
    named = {(method, re.sub(r"{[^}]*}", "{}", path)) for method, path in followed} | {
        ("GET", path) for path in re.findall(r"`(/[a-z/-]+)`", README)
    }
    assert named <= shapes


def test_compose_keeps_one_service_one_volume() -> None:
    """Without a profile one service runs, with one volume for data; what has a profile has a name that the README explains."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert [name for name, service in services.items() if "profiles" not in service] == ["bothways"]
    assert "bothways:/var/lib/bothways" in services["bothways"]["volumes"]
    profiles = {profile for service in services.values() for profile in service.get("profiles", [])}
    assert profiles == {"postgres", "caddy"}
    assert all(f"COMPOSE_PROFILES={profile}" in README for profile in profiles)
    volumes = {mount.split(":")[0] for service in services.values() for mount in service["volumes"]}
    assert volumes == set(compose["volumes"])


def test_locks_hold_hashes_and_no_host() -> None:
    """Every line of both locks is a version with its hashes; what `make run` installs is part of what is tested."""
    locks = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("requirements.lock", "requirements-run.lock")}
    pins = {name: set(re.findall(r"^([\w.-]+==\S+)", text, re.MULTILINE)) for name, text in locks.items()}
    for name, text in locks.items():
        assert "://" not in text
        assert len(pins[name]) == len(re.findall(r"^\S", text, re.MULTILINE))
        assert len(re.findall(r"\\\n    --hash=sha256:[0-9a-f]{64} \\|\\\n    --hash=sha256:[0-9a-f]{64}\n", text)) >= len(pins[name])
    assert pins["requirements-run.lock"] < pins["requirements.lock"]
    assert {pin.split("==")[0] for pin in pins["requirements-run.lock"]} >= {"hatchling", "editables", "psycopg"}


def test_the_licence_is_the_one_named() -> None:
    """AGPL-3.0 in full, and pyproject says the same."""
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("GNU AFFERO GENERAL PUBLIC LICENSE")
    assert 'license = "AGPL-3.0-or-later"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def _default(name: str) -> str:
    value = Settings.model_fields[name].get_default(call_default_factory=True)
    return f"`{getattr(value, 'value', value)}`" if value not in (None, []) else "none"
