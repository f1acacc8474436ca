"""A large file to an object store and back; the peak of this process's memory.

Usage: python -m bench.cases.object_file MIB; the store is in the environment.
"""

import sys
import tempfile
import time
from pathlib import Path

from bench.machine import emit
from engine.config.settings import Settings
from engine.runtime.objects.cached import CachedArtifacts
from engine.runtime.objects.opening import remote_of
from tests.support.peak_memory import peak_memory

MIB = 1 << 20


def main() -> None:
    """Store, settle, drop from the cache, read a range, read the whole."""
    size = int(sys.argv[1]) * MIB
    with tempfile.TemporaryDirectory(prefix="objects-") as folder:
        remote = remote_of(Settings().artifacts, "large")
        files = CachedArtifacts(Path(folder) / "cache", lambda: remote, cache_bytes=1 << 40)
        source = Path(folder) / "source"
        with source.open("wb") as file:
            file.truncate(size)
        with source.open("rb") as stream:
            hash_, _ = files.put_stream(stream)
        source.unlink()
        cpu, wall = time.process_time(), time.monotonic()
        files.settle()
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        files.path(hash_).unlink()
        began = time.monotonic()
        piece = b"".join(files.read_range(hash_, size // 2, size // 2 + 1000))
        seek = time.monotonic() - began
        with files.open(hash_) as stream:
            whole = sum(len(chunk) for chunk in iter(lambda: stream.read(MIB), b""))
        assert (len(piece), whole) == (1000, size)
    emit(peak_mib=peak_memory() / 1024, cpu_s=cpu, wall_s=wall, seek_s=seek)


if __name__ == "__main__":
    main()
