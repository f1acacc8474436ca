"""Uploaded bytes on their way: in a private folder of the workspace, never in a temporary one.

The system's temporary folder may be another disk, or memory.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.api.endpoint import Call
from engine.api.serving.bounded import chunks, refuse_stated

_WRITTEN_AT_ONCE = 1 << 20


@asynccontextmanager
async def spooled(call: Call) -> AsyncIterator[Path]:
    """Write the body of a request to a file while it comes in; the file is removed at the end.

    Raises:
        Problem: 413 `too-large`, as soon as it has too many bytes.
    """
    limit = call.services.max_upload
    refuse_stated(call.request, limit)
    scratch = call.services.workspace.artifacts.scratch()
    folder = await asyncio.to_thread(scratch.__enter__)
    try:
        path = folder / "upload"
        with path.open("wb") as file:
            pending = bytearray()
            async for chunk in chunks(call.request, limit):
                pending += chunk
                if len(pending) >= _WRITTEN_AT_ONCE:
                    await asyncio.to_thread(file.write, bytes(pending))
                    pending.clear()
            file.write(pending)
        yield path
    finally:
        await asyncio.to_thread(scratch.__exit__, None, None, None)
