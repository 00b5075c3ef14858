"""The steps themselves, by Alembic. Imported only when there is a step to take: most starts have none, and it is slow to load."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

HERE = Path(__file__).parent


def config(name: str) -> Config:
    """Alembic's configuration for one store (`main` or `state`)."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    made.set_main_option("version_locations", str(HERE / name / "versions"))
    made.set_main_option("path_separator", "newline")
    made.attributes["store"] = name
    return made


def known(name: str) -> set[str]:
    """Every schema that this version knows how to bring forward, and its own."""
    return {script.revision for script in ScriptDirectory.from_config(config(name)).walk_revisions()}


def newest(name: str) -> str | None:
    """The schema at which the steps end."""
    return ScriptDirectory.from_config(config(name)).get_current_head()


def take(name: str, engine: Engine) -> None:
    """Bring one store to the newest schema, in one transaction."""
    with engine.begin() as connection:
        run(name, connection, to="head")


def run(name: str, connection: Connection, *, to: str) -> None:
    """Take the steps up to the schema `to` in the transaction of a connection."""
    made = config(name)
    made.attributes["connection"] = connection
    command.upgrade(made, to)
