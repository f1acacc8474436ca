"""A stage for crashes: a provider, engines that are killed, and what has to hold in the end."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from db.queries import batches, jobs
from db.rows import BatchRow, JobRow
from db.store import Store
from db.writes import commands as command_writes
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings
from engine.contract.recipe import AnyRecipe
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.queue import Queue, QueueOptions
from tests.support.chaos_engine import TOLD
from tests.support.chaos_recipe import CHAOS, ChaosCatalog
from tests.support.counted import check_totals
from tests.support.ledger import Charge, charges

PATIENCE = 120.0
"""Seconds after which a test gives up waiting; never a measure of anything."""


def wait_until(found: Callable[[], Any], engine: "subprocess.Popen[str] | None" = None) -> Any:
    """Waits until something is found to be so, while an engine lives; returns it."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        if engine is not None and engine.poll() is not None:
            raise RuntimeError(f"The engine ended with {engine.returncode}.")
        if time.monotonic() > end:
            raise TimeoutError("It never came to be so.")
        time.sleep(0.005)
    return value


class ProviderProcess:
    """The paid provider, in a process of its own."""

    def __init__(self, folder: Path, delay: float = 0.005) -> None:
        self.ledger = folder / "ledger.jsonl"
        command = [sys.executable, "-m", "tests.support.ledger", str(self.ledger), str(delay)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def charges(self) -> list[Charge]:
        """Everything that it has charged."""
        return charges(self.ledger)

    def close(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.communicate()


class Nursery:
    """Starts engines quickly, one at a time; says how each ended."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.support.chaos_engine", "--nursery"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def load(self, *modules: str) -> None:
        """Imports modules once, which each engine would import."""
        self.process.stdin.write("".join(f"import {module}\n" for module in modules))

    def begin(self, workspace: Path, port: int, kill: str = ":0") -> int:
        """Starts an engine; returns its process, which leads a group of its own."""
        self.process.stdin.write(f"{workspace} {port} {kill}\n")
        return self._read("pid")

    def end(self) -> bool:
        """Waits until the engine has ended; returns whether it ended by itself, in good order."""
        status = self._read("status")
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
        return not os.WIFSIGNALED(status)

    def run(self, workspace: Path, port: int, kill: str = ":0") -> bool:
        """Runs an engine; returns whether it ended by itself."""
        self.begin(workspace, port, kill)
        return self.end()

    def _read(self, what: str) -> int:
        for line in self.process.stdout:
            name, _, value = line.partition(" ")
            if name == what:
                return int(value)
        raise RuntimeError("The nursery has ended.")

    def close(self) -> None:
        """Ends it."""
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


@dataclass
class Stage:
    """One workspace on which engines are killed, with its share of the ledger.

    Attributes:
        root: The workspace.
        provider: Who is paid.
    """

    root: Path
    provider: ProviderProcess
    _offset: int = field(init=False)

    def __post_init__(self) -> None:
        self._offset = len(self.provider.charges())
        self.paths = WorkspacePaths(self.root)

    @classmethod
    def queued(
        cls,
        root: Path,
        provider: ProviderProcess,
        count: int,
        recipe: AnyRecipe = CHAOS,
        **settings: Any,
    ) -> "Stage":
        """A workspace with a batch of `count` jobs."""
        paths = WorkspacePaths(root)
        store = Store.create(paths.store, created_by="tests")
        catalog = cast("EntryPointCatalog", ChaosCatalog(provider.port, root / TOLD))
        queue = Queue(paths, store, Settings(), catalog)
        source = root / "prompts.txt"
        source.write_text("".join(f"prompt {number}\n" for number in range(count)))
        queue.queue(recipe, source, QueueOptions(overrides={"seed": 7, **settings}))
        with store.alone():
            pass  # merges the log, so that the workspace can be copied
        return cls(root, provider)

    def copy(self, root: Path) -> "Stage":
        """The same workspace at another place, as it was queued."""
        shutil.copytree(self.root, root)
        return Stage(root, self.provider)

    @property
    def store(self) -> Store:
        """The workspace's store."""
        return Store(self.paths.store)

    def read(self, query: Callable[[sqlite3.Connection], Any]) -> Any:
        """Return the result of a query now."""
        reader = self.store.reader()
        try:
            return query(reader)
        finally:
            reader.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement now."""
        return [tuple(row) for row in self.read(lambda c: c.execute(sql).fetchall())]

    def jobs(self) -> list[JobRow]:
        """The jobs as they are now."""
        return list(self.read(lambda c: list(jobs.all_jobs(c, 1))))

    def batch(self) -> BatchRow:
        """The batch as it is now."""
        return cast("BatchRow", self.read(lambda c: batches.batch(c, 1)))

    def charged(self) -> list[Charge]:
        """Charges for this workspace."""
        return self.provider.charges()[self._offset :]

    def run_to_the_end(self, nursery: Nursery) -> None:
        """Runs engines, answering what they ask about unknown outcomes, until all is done."""
        for _ in range(20):
            assert nursery.run(self.root, self.provider.port)
            if self.batch().is_over:
                return
            self.answer()
        raise AssertionError("It never came to an end.")

    @property
    def unknown(self) -> int:
        """Number of calls that were reported to have an unknown outcome."""
        sql = "SELECT count(*) FROM events WHERE type = 'step.unknown'"
        return int(self.read(lambda c: c.execute(sql).fetchone()[0]))

    def answer(self) -> None:
        """Retries every call with an unknown outcome."""
        parked = [job for job in self.jobs() if job.state == "parked"]
        assert {job.reason for job in parked} == {"unknown-outcome"}
        with self.store.intake() as write:
            write(lambda c: command_writes.add_command(c, "retry", [{"batch": 1}], {}, "tests"))

    def outcome(self) -> dict[str, Any]:
        """Results that are the same however often engines were killed."""
        files = (
            "SELECT j.key, a.role, a.hash, s.key FROM artifacts a JOIN jobs j ON j.id = a.job_id"
        )
        files = f"{files} JOIN steps s ON s.id = a.step_id"
        scores = "SELECT j.key, t.key, s.value FROM scores s JOIN jobs j ON j.id = s.job_id"
        scores = f"{scores} JOIN steps t ON t.id = s.step_id"
        texts = "SELECT j.key, p.text, p.author FROM prompts p JOIN jobs j ON j.id = p.job_id"
        rows = "SELECT key, state, result, score, cost, iterations, seed FROM jobs"
        return {
            name: sorted(self.rows(sql))
            for name, sql in (
                ("files", files),
                ("scores", scores),
                ("prompts", texts),
                ("jobs", rows),
                ("batch", "SELECT state, cost, done FROM batches"),
            )
        }

    def check(self, reference: "Stage") -> None:
        """Everything that has to hold once all is done."""
        assert self.outcome() == reference.outcome()
        assert self.store.check() == []
        self.read(check_totals)
        self._check_steps()
        self._check_files()
        self._check_ledger(reference)

    def _check_steps(self) -> None:
        steps = self.read(lambda c: c.execute("SELECT job_id, key, state FROM steps").fetchall())
        assert {row["state"] for row in steps} == {"done"}
        assert max(Counter((row["job_id"], row["key"]) for row in steps).values()) == 1
        sql = "SELECT step_id FROM events WHERE type = 'step.done'"
        ended = Counter(row[0] for row in self.read(lambda c: c.execute(sql).fetchall()))
        assert set(ended.values()) == {1}  # no finished step was run again
        assert len(ended) == len(steps)

    def _check_files(self) -> None:
        sql = "SELECT hash, size FROM artifacts"
        for hash_, size in self.read(lambda c: [tuple(row) for row in c.execute(sql)]):
            data = (self.paths.artifacts / hash_[:2] / hash_[2:]).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (size, hash_)

    def _check_ledger(self, reference: "Stage") -> None:
        """Each distinct call is charged once; more only where an operator said to ask again."""
        found = Counter((charge.way, charge.prompt) for charge in self.charged())
        due = Counter((charge.way, charge.prompt) for charge in reference.charged())
        assert set(found) == set(due)
        assert sum((found - due).values()) <= self.unknown
        last = {charge.prompt: charge.id for charge in self.charged() if charge.way == "submit"}
        told = (self.root / TOLD).read_text().split()
        assert set(told) <= set(last.values())  # a call whose id was kept is never made again

    def kill(self, pid: int, *, group: bool) -> None:
        """Kills an engine, or all of its group."""
        try:
            if group:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it had ended
