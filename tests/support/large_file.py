"""A process of its own that passes a large film through an engine; prints its peak memory.

Run it as `python -m tests.support.large_file FOLDER MIB`.
"""

import asyncio
import sys
from pathlib import Path

from engine.contract import CallContext
from engine.recipes.refine.agents.refiner import RefineRequest
from tests.support import media_files as media
from tests.support.engines import Toy
from tests.support.peak_memory import peak_memory

MIB = 1 << 20


def film(path: Path, mib: int) -> None:
    """A film whose index is at its end; what is before it takes no room on the disk."""
    whole = media.mp4([b"x" * 100] * 25)
    start, index = whole.index(b"mdat") - 4, whole.index(b"moov") - 4
    with path.open("wb") as file:
        file.write(whole[:start] + (1).to_bytes(4, "big") + b"mdat")
        file.write((mib * MIB).to_bytes(8, "big"))
        file.seek(start + mib * MIB)
        file.write(whole[index:])


async def main(folder: Path, mib: int) -> None:
    """Keep the film in one step, read it as a stream, and print what came of it."""
    found: list[tuple[str, int, int]] = []

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        path = folder / "film.tmp"
        film(path, mib)
        artifact = await context.keep_file(path, role="film")
        path.unlink()
        read = 0
        with await context.open(artifact) as stream:
            while chunk := stream.read(MIB):
                read += len(chunk)
        found.append((f"{artifact.kind} {artifact.facts['frames']}", artifact.size, read))

    toy = Toy(folder)
    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    sys.stdout.write(
        f"{toy.job().state} {found[0][0]} {found[0][1]} {found[0][2]} {peak_memory()}\n"
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
