import hashlib
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from engine.contract.backend import Artifact
from engine.imaging.lineage import Lineage, stamp
from engine.recipes.refine.report import EvaluationReport, IterationReport, JobReport, Totals


def image(kind: str = "PNG", shade: int = 0) -> bytes:
    buffer = io.BytesIO()
    decoded = Image.new("RGB", (16, 8), (shade, 40, 90))
    decoded.paste((255, 255, 0), (0, 0, 5, 5))
    decoded.save(buffer, kind)
    return buffer.getvalue()


def stamped(shade: int = 0, prompt: str = "a lamp") -> bytes:
    lineage = Lineage(
        prompt=prompt, seed=7, width=16, height=8, backend="builtin", model="painter", version="1"
    )
    return stamp(image(shade=shade), lineage)


class Shelf:
    """Files by their hash, as the store keeps them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def keep(self, data: bytes, media_type: str = "image/png") -> Artifact:
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not path.exists():
            path.write_bytes(data)
            path.chmod(0o600)
        return Artifact(hash=digest, media_type=media_type, size=len(data), width=16, height=8)

    def path(self, digest: str) -> Path:
        return self.root / digest


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(tmp_path / "artifacts")


def make_turn(artifact: Artifact, number: int = 1, **changes) -> IterationReport:
    fields = {
        "number": number,
        "prompt": "a lamp",
        "negative_prompt": "text",
        "seed": 7,
        "backend": "builtin",
        "model": "painter",
        "width": 16,
        "height": 8,
        "score": 61.5,
        "evaluation": EvaluationReport(
            score=61.5,
            description="a yellow corner on blue",
            reasons=("bright enough", "caf\xe9 \u706f"),
            missing=("a lamp",),
            measurements={"brightness": 0.25, "tiny": 1e-07},
            scorer="measured 1",
            backend="builtin",
            model="measures",
        ),
        "started_at": "2026-01-02T03:04:05.678901Z",
        "finished_at": "2026-01-02T03:04:06.000001Z",
        "timings": {"generate": 0.1, "evaluate": 0.02, "refine": 1e-05},
        "cost_microdollars": 40_123,
        "artifact": artifact,
    }
    return IterationReport(**(fields | changes))


def make_job(*turns: IterationReport, **changes) -> JobReport:
    fields = {
        "id": 12,
        "batch_id": 3,
        "batch_name": "evening",
        "recipe": "refine",
        "key": "lamp",
        "title": "The lamp",
        "input": {"prompt": "a lamp", "width": 16, "tags": ["a", {"b": None}], "strength": 0.5},
        "state": "done",
        "best": turns[-1].number if turns else None,
        "output": "lamp",
        "totals": Totals(cost_microdollars=80_246, seconds=0.24, calls=5, iterations=len(turns)),
        "iterations": turns,
    }
    return JobReport(**(fields | changes))


@pytest.fixture
def job(shelf) -> JobReport:
    first = make_turn(shelf.keep(stamped(0)), 1)
    second = make_turn(shelf.keep(stamped(9)), 2, prompt="a brighter lamp", score=80.0)
    return make_job(first, second)


def snapshot(folder: Path) -> dict[str, tuple]:
    """Every file below a folder: inode, time of change and content."""
    return {
        str(path.relative_to(folder)): (
            os.lstat(path).st_ino,
            os.lstat(path).st_mtime_ns,
            path.read_bytes(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
