"""Workspaces for tests of the dashboard, written row by row, and a way to wait for the screen."""

import asyncio
import io
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from textual.css.query import NoMatches
from textual.pilot import Pilot

from db.store import Store
from db.writes import batches as batch_writes
from db.writes import engines as engine_writes
from db.writes import jobs as job_writes
from db.writes import steps as step_writes
from db.writes.batches import NewBatch, NewJob
from db.writes.errors import ErrorRecord
from db.writes.records import Intent, Outcome
from engine.config.paths import WorkspacePaths
from engine.runtime.artifacts import ArtifactStore
from tests.tui.settling import PATIENCE, settle
from tui.app import Dashboard
from tui.widgets.notice_line import NoticeLine


@dataclass
class Place:
    """A workspace whose store is written directly, as an engine would."""

    root: Path
    paths: WorkspacePaths = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.paths = WorkspacePaths(self.root)
        self.store = Store.create(self.paths.store, created_by="tests")

    def write(self, operation: Callable[[sqlite3.Connection], Any]) -> Any:
        with self.store.intake() as write:
            return write(operation)

    def read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = self.store.reader()
        try:
            return [tuple(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def batch(self, name: str, keys: Sequence[str], prompt: str = "a lamp") -> int:
        """A queued batch with jobs of these keys."""

        def make(connection: sqlite3.Connection) -> int:
            number = batch_writes.create_batch(
                connection, NewBatch(name, "toy", "1", 1, "{}", "{}", "outputs", f"s-{name}")
            )
            jobs = [
                NewJob(key, "{}", 1, f"outputs/{key}", f"{number}/{i}", prompt=prompt)
                for i, key in enumerate(keys)
            ]
            batch_writes.add_jobs(connection, number, jobs)
            batch_writes.seal_batch(connection, number)
            return number

        return self.write(make)

    def job_ids(self, batch_id: int) -> list[int]:
        sql = "SELECT id FROM jobs WHERE batch_id = ? ORDER BY position"
        return [row[0] for row in self.read(sql, batch_id)]

    def claim(self, count: int) -> None:
        """Lets the next jobs run."""
        self.write(lambda c: job_writes.claim_jobs(c, count))

    def turn(self, job_id: int, number: int, score: float, *, prompt: str = "", text: str = "ok"):
        """One iteration of a job: an image, an evaluation, a new prompt."""
        image = self.image((int(score * 2.5) % 256, 40 * number % 256, 60))
        artifact = {
            "role": "image",
            "hash": image,
            "media_type": "image/png",
            "kind": "image",
            "size": 100,
        }
        artifact |= {"width": 16, "height": 12}
        made = {"artifacts": [artifact]}
        said = {
            "scores": [{"metric": "score", "value": score, "raw": None, "scorer": "eye"}],
            "critiques": [{"text": text, "missing": ["a moon"], "measurements": {"light": 0.5}}],
            "headline": score,
            "iterations": number,
        }
        prompts = [{"text": prompt, "negative": "", "author": "refiner", "reason": "clearer"}]
        self.step(job_id, f"iteration-{number}", "generate", **made)
        self.step(job_id, f"iteration-{number}", "evaluate", **said)
        if prompt:
            self.step(job_id, f"iteration-{number}", "refine", prompts=prompts)

    def step(self, job_id: int, scope: str, name: str, **outcome: Any) -> int:
        """A finished step."""

        def do(connection: sqlite3.Connection) -> int:
            intent = self._intent(connection, job_id, scope, name)
            number = step_writes.begin_step(connection, intent)
            step_writes.show_stages(connection, {job_id: intent.key})
            step_writes.finish_step(connection, number, intent, Outcome("{}", **outcome))
            return number

        return self.write(do)

    def fail(self, job_id: int, message: str, remedy: str = "Retry it.") -> None:
        """A job whose step failed for good."""

        def do(connection: sqlite3.Connection) -> None:
            intent = self._intent(connection, job_id, "iteration-1", "generate")
            number = step_writes.begin_step(connection, intent)
            error = ErrorRecord("permanent", "Permanent", message, remedy)
            error_id = step_writes.fail_step(connection, number, intent, error)
            job = self._job(connection, job_id)
            job_writes.end_job(connection, job, "failed", error_id=error_id, message=message)

        self.write(do)

    def end(self, job_id: int, score: float | None = None) -> None:
        """A job that is done."""
        self.write(
            lambda c: job_writes.end_job(c, self._job(c, job_id), "done", result="{}", score=score)
        )

    def park(self, job_id: int, reason: str, message: str) -> None:
        """A job that waits for something."""
        self.write(lambda c: job_writes.park_job(c, self._job(c, job_id), reason, None, message))

    def engine_row(self, pid: int, host: str = "here") -> int:
        """An engine that says that it runs."""
        return self.write(lambda c: engine_writes.start_engine(c, pid, host, "0", "tests"))

    def image(self, colour: tuple[int, int, int]) -> str:
        """A stored image; returns its hash."""
        data = io.BytesIO()
        Image.new("RGB", (16, 12), colour).save(data, "PNG")
        return ArtifactStore(self.paths.artifacts).put(data.getvalue())

    def dashboard(self, **options: Any) -> Dashboard:
        return Dashboard(self.root, **options)

    @staticmethod
    def _job(connection: sqlite3.Connection, job_id: int) -> Any:
        from db.queries.jobs import job

        return job(connection, job_id)

    def _intent(self, connection: sqlite3.Connection, job_id: int, scope: str, name: str) -> Intent:
        batch_id = self._job(connection, job_id).batch_id
        key = f"{scope}/{name}" if scope else name
        return Intent(
            batch_id, job_id, key, scope, name, f"print-{key}", "generate", "toy", "toy-1", "{}"
        )


@asynccontextmanager
async def running(app: Dashboard, size: tuple[int, int] = (100, 30)):
    """The dashboard, headless."""
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot


async def until(pilot: Pilot[Any], condition: Callable[[], Any], what: str = "") -> None:
    """Waits until something can be seen, and what comes with it is there too."""
    for _ in range(int(PATIENCE / 0.02)):
        try:
            if condition():
                await settle(pilot)
                return
        except (LookupError, AttributeError, NoMatches):  # another screen, or another part of it
            pass
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what or 'it'} did not come about; the screen:\n{seen(pilot.app)}")


def seen(app: Any) -> str:
    """What is on the screen, as plain text."""
    screen = app.screen
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line) for line in lines)


async def at_once(pilot: Pilot[Any], *keys: str) -> None:
    """Presses keys faster than anything can be read in between."""
    await pilot.app._press_keys(keys)
    await settle(pilot)


async def shows(pilot: Pilot[Any], *texts: str) -> None:
    """Waits until all of these texts are on the screen."""

    def shown() -> bool:
        text = seen(pilot.app)
        return all(each in text for each in texts)

    await until(pilot, shown, f"{texts}")


async def notices(pilot: Pilot[Any], *beginnings: str) -> None:
    """Waits until exactly the notices that begin like these are on their line, the worst first.

    The head, a list and the bar of a batch count parked jobs too, and may do so earlier.
    """

    def told() -> bool:
        items = pilot.app.screen.query_one(NoticeLine).items
        return len(items) == len(beginnings) and all(
            item.sentence.startswith(text) for item, text in zip(items, beginnings, strict=True)
        )

    await until(pilot, told, f"notices {beginnings}")
