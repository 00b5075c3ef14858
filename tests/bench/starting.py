"""Start-up and resting memory beside a bare FastAPI + SQLModel + cryptography process, each served by uvicorn.

Start-up: from the start of the process to its first answer, on databases that are migrated already. Memory: resident, two
seconds after that answer. Both have their bytecode, ours as the image has it (`compileall`): the round that does not count writes it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from app.settings import Settings
from tests.bench.rivals import await_answer
from tests.bench.timing import Timing
from tests.databases import sqlite_copy, sqlite_template
from tests.serving import ROOT, environment, free_port

ROUNDS = 5
START, MEMORY = 2.0, 1.5
BARE = """
import sys
import uvicorn
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import FastAPI
from sqlmodel import Field, Session, SQLModel, create_engine, select

class Message(SQLModel, table=True):
    message_id: int = Field(primary_key=True)
    sealed: bytes

engine = create_engine("sqlite:///" + sys.argv[2])
SQLModel.metadata.create_all(engine)
app = FastAPI()

@app.get("/healthz")
def healthz() -> dict[str, int]:
    with Session(engine) as db:
        return {"messages": len(db.exec(select(Message)).all()), "bits": len(AESGCM.generate_key(256)) * 8}

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
"""


def run() -> Iterator[Timing]:
    """In turns; the medians of the ratios."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        pairs = [(_ours(folder), _bare(folder)) for _ in range(ROUNDS + 1)][1:]
    for index, (name, target, unit) in enumerate((("start-up", START, "s"), ("resting-memory", MEMORY, "MiB"))):
        ours, bare = (median(pair[side][index] for pair in pairs) for side in (0, 1))
        ratio = median(ours_[index] / bare_[index] for ours_, bare_ in pairs)
        yield Timing(name, ratio, target, figures=f"{ours:.2f} {unit} beside {bare:.2f} {unit}")


def _ours(folder: Path) -> tuple[float, float]:
    port = free_port()
    settings = Settings(data_dir=folder / "data", state_dir=folder / "state", port=port, base_url=f"http://localhost:{port}")
    return _measured([sys.executable, "-m", "app.cli", "serve"], environment(settings), port, folder)


def _bare(folder: Path) -> tuple[float, float]:
    port = free_port()
    return _measured([sys.executable, "-c", BARE, str(port), str(folder / "bare.sqlite3")], dict(os.environ), port, folder)


def _measured(command: Sequence[str], given: Mapping[str, str], port: int, folder: Path) -> tuple[float, float]:
    """Seconds until it answers, and MiB two seconds later."""
    kept = {name: value for name, value in given.items() if name != "PYTHONDONTWRITEBYTECODE"}
    kept["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_answer(port, process)
        took = time.perf_counter() - started
        time.sleep(2)
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return took, resident / 1024
    finally:
        process.terminate()
        process.wait()
