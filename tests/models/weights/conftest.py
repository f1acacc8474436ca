"""A cache and a hub of the test's own."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.weights.hub import COMMIT, Hub


def safetensors(size: int = 8) -> bytes:
    """A file in the safetensors format with one tensor."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}})
    return struct.pack("<Q", len(header)) + header.encode() + bytes(size)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's client."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return tmp_path / "hub"


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one model, in place of the real one."""
    made = Hub()
    made.files["org/small"] = {
        "config.json": b'{"model_type": "clip"}',
        "model.safetensors": safetensors(4096),
        "pytorch_model.bin": b"a pickle",
        "modeling_own.py": b"import os",
        "README.md": b"# words",
        "chat_template.jinja": b"{{ x }}",
    }
    server = made.start()
    template = made.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", made.address)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    yield made
    server.stop()


def cached(cache: Path, repo: str, files: dict[str, bytes]) -> Path:
    """Puts files into the cache as the hub's client lays them out; the snapshot's folder."""
    model = cache / f"models--{repo.replace('/', '--')}"
    snapshot = model / "snapshots" / COMMIT
    (model / "refs").mkdir(parents=True, exist_ok=True)
    (model / "refs" / "main").write_text(COMMIT)
    for name, data in files.items():
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).write_bytes(data)
    return snapshot
