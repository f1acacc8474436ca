"""Measures of signing, each in a process of its own: `kinds`, `ingredients`, `film`, `idle`."""

import hashlib
import io
import os
import resource
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from bench.machine import emit

_ACTION = {
    "action": "c2pa.created",
    "softwareAgent": {"name": "provider some/model-name", "version": "1"},
    "when": "2026-11-30T12:00:00.000000Z",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}
_STEP = {
    "version": 1,
    "recipe": "refine",
    "recipe_version": "1",
    "step": "iteration-1/generate",
    "operation": "generate",
    "fingerprint": "ab" * 32,
    "artifact": "cd" * 32,
    "backend": "provider",
    "model": "some/model-name",
    "backend_version": "1",
    "seed": "7276319338970389171",
    "materials": [
        {"name": "org/model@123456789abc", "role": "weights", "licence": "openrail++",
         "stated_in": "model card"},
    ],
}  # fmt: skip
_STATEMENT: dict[str, Any] = {
    "claim_generator_info": [{"name": "Safelight", "version": "0.1.0"}],
    "assertions": [
        {"label": "c2pa.actions.v2", "data": {"actions": [_ACTION]}},
        {"label": "org.safelight.step", "data": _STEP},
    ],
}
PIECE = 1 << 20


def _identity() -> Any:
    from engine.config.provenance_settings import ProvenanceSettings
    from engine.provenance.certificates import make_keys
    from engine.provenance.identity import load_identity

    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="bench-")
    make_keys("bench")
    return load_identity(ProvenanceSettings(sign="local"), Path())


def _signed(
    identity: Any, data: bytes, media_type: str, statement: Any = None, inputs: Any = ()
) -> bytes:
    from engine.provenance.signing import sign

    target = io.BytesIO()
    streams = (io.BytesIO(data), target)
    sign(identity, None, statement or _STATEMENT, inputs, media_type, streams)
    return target.getvalue()


def _cpu_ms(rounds: int, action: Callable[[], object]) -> float:
    action()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times)


def _files() -> dict[str, tuple[str, bytes]]:
    """Return a file of each kind: an image of about 1.6 MB as PNG, sounds of 10 s, a clip."""
    import numpy as np
    import soundfile
    from PIL import Image

    from tests.support.clips import clip

    noise = np.random.default_rng(1)
    pixels = Image.fromarray(noise.integers(0, 256, (730, 730, 3), np.uint8))
    files = {}
    for name in ("PNG", "JPEG", "WEBP"):
        buffer = io.BytesIO()
        pixels.save(buffer, name)
        files[name] = (f"image/{name.lower()}", buffer.getvalue())
    samples = noise.normal(0, 0.1, (441_000, 2))
    for name, media_type in (("WAV", "audio/wav"), ("FLAC", "audio/flac"), ("MP3", "audio/mpeg")):
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, 44_100, format=name)
        files[name] = (media_type, buffer.getvalue())
    files["MP4"] = ("video/mp4", clip(10, (640, 360)))
    return files


def kinds(rounds: int) -> None:
    """Bytes and processor time of a statement in each kind of file."""
    identity = _identity()
    sizes, times = {}, {}
    for name, (media_type, data) in _files().items():
        sizes[name] = len(_signed(identity, data, media_type)) - len(data)
        times[name] = _cpu_ms(rounds, partial(_signed, identity, data, media_type))
    emit(bytes=sizes, ms=times)


def ingredients(rounds: int, count: int = 8) -> None:
    """Bytes and processor time of an ingredient: a signed PNG."""
    from engine.provenance.signing import Ingredient

    identity = _identity()
    media_type, data = _files()["PNG"]
    parts = [_signed(identity, data, media_type) for _ in range(count)]
    labels = [f"input{number}" for number in range(count)]
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": labels}}
    actions = {"label": "c2pa.actions.v2", "data": {"actions": [_ACTION, placed]}}
    statement = {**_STATEMENT, "assertions": [actions, _STATEMENT["assertions"][1]]}

    def with_parts() -> bytes:
        described = [
            {"title": "clips", "format": media_type, "relationship": "componentOf", "label": one}
            for one in labels
        ]
        inputs = [
            Ingredient(one, io.BytesIO(part)) for one, part in zip(described, parts, strict=True)
        ]
        return _signed(identity, data, media_type, statement, inputs)

    alone = _cpu_ms(rounds, lambda: _signed(identity, data, media_type))
    statement_bytes = len(parts[0]) - len(data)
    added = len(with_parts()) - len(data) - statement_bytes
    emit(ms=(_cpu_ms(rounds, with_parts) - alone) / count, bytes=added / count - statement_bytes)


def film(mib: int) -> None:
    """Memory and processor time of a large film, beside those of copying and hashing it."""
    from engine.provenance.signing import sign
    from tests.support.clips import clip

    identity = _identity()
    _signed(identity, clip(1), "video/mp4")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as opened:
        source, target = Path(folder, "film.mp4"), Path(folder, "signed.mp4")
        with source.open("wb") as file:
            file.write(clip(10, (640, 360)))
            file.write(struct.pack(">I4s", 8 + mib * PIECE, b"free"))
            for _ in range(mib):
                file.write(os.urandom(PIECE))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        streams = opened.enter_context(source.open("rb")), opened.enter_context(target.open("w+b"))
        sign(identity, None, _STATEMENT, (), "video/mp4", streams)
        signing = time.process_time() - start
        added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        start = time.process_time()
        _copied(opened.enter_context(source.open("rb")), opened.enter_context(target.open("wb")))
        copying = time.process_time() - start
    emit(mib=mib, added_mib=added / 1024, ratio=signing / copying, seconds=signing)


def _copied(source: BinaryIO, target: BinaryIO) -> None:
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        digest.update(piece)
        target.write(piece)


def idle() -> None:
    """Modules that an engine without signatures has loaded."""
    import engine.api.app
    import engine.runtime.engine

    del engine
    heavy = [name for name in sys.modules if name.split(".")[0] in {"c2pa", "cryptography"}]
    emit(heavy=len(heavy), names=heavy[:5])


CASES: dict[str, Callable[..., None]] = {
    "kinds": kinds,
    "ingredients": ingredients,
    "film": film,
    "idle": idle,
}

if __name__ == "__main__":
    CASES[sys.argv[1]](*map(int, sys.argv[2:]))
