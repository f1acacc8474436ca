"""Removal of half-written files again and again, while an engine runs."""

import asyncio
import contextlib

from engine.runtime.artifacts import ArtifactStore
from engine.runtime.signing import Signing


async def keep_sweeping(artifacts: ArtifactStore, signing: Signing, seconds: float) -> None:
    """Remove what killed processes have left half-written, now and after each pause.

    Args:
        artifacts: The stored files.
        signing: Signs files, of which it keeps copies.
        seconds: Length of the pause.
    """
    while True:
        with contextlib.suppress(OSError):  # the next time it may be able to
            await asyncio.to_thread(_sweep, artifacts, signing)
        await asyncio.sleep(seconds)


def _sweep(artifacts: ArtifactStore, signing: Signing) -> None:
    artifacts.sweep()
    if signing.is_on:
        signing.sweep()
