"""Moving the files of a workspace to an object store and back, and checking that all are there."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.runtime.artifacts import ArtifactStore, FileLost
from engine.runtime.objects.cached import CachedArtifacts, patiently
from engine.runtime.objects.trim import cached_files

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """Places of the files of a workspace.

    Attributes:
        named: Size of each file that the workspace names; None if it does not know it.
        there: Size of each file in the object store.
        here: Hashes of the files here.
    """

    named: Mapping[str, int | None]
    there: Mapping[str, int]
    here: frozenset[str]

    @property
    def safe(self) -> list[str]:
        """Files that are in the object store with their size."""
        return [hash_ for hash_, size in self.named.items() if self._is_there(hash_, size)]

    @property
    def to_push(self) -> list[str]:
        """Files that are only here."""
        missing = (h for h, size in self.named.items() if not self._is_there(h, size))
        return [hash_ for hash_ in missing if hash_ in self.here]

    @property
    def to_pull(self) -> list[str]:
        """Files that are only in the object store."""
        return [hash_ for hash_ in self.safe if hash_ not in self.here]

    @property
    def gone(self) -> list[str]:
        """Files that are nowhere, or have another size in the object store and are not here."""
        missing = (h for h, size in self.named.items() if not self._is_there(h, size))
        return [hash_ for hash_ in missing if hash_ not in self.here]

    @property
    def unnamed(self) -> list[str]:
        """Files in the object store that the workspace does not name."""
        return [hash_ for hash_ in self.there if hash_ not in self.named]

    def bytes_of(self, hashes: Iterable[str]) -> int:
        """Return the size of files together, as far as it is known."""
        return sum(self.there.get(hash_) or self.named.get(hash_) or 0 for hash_ in hashes)

    def _is_there(self, hash_: str, size: int | None) -> bool:
        there = self.there.get(hash_)
        return there is not None and size in {None, there}


def standing(files: CachedArtifacts, named: Mapping[str, int | None]) -> Standing:
    """Return where the files of a workspace are; the object store is listed once.

    Raises:
        StepError: It cannot be reached.
    """
    there = patiently(lambda _: {one.hash: one.size for one in files.remote.objects()}, "")
    here = frozenset(hash_ for hash_ in named if ArtifactStore.has(files, hash_))
    return Standing(named, there, here)


def push(
    files: CachedArtifacts, hashes: Iterable[str], at_once: int, done: Callable[[str], object]
) -> list[str]:
    """Upload files; return those that are gone or damaged here.

    It may be ended at any moment and begun again: what is there is left out.

    Args:
        files: The files of the workspace.
        hashes: Those to upload.
        at_once: Uploads at once.
        done: Called with each file that is there.

    Raises:
        StepError: The object store does not take one.
    """

    def upload(hash_: str) -> bool:
        try:
            patiently(files.ensure, hash_)
        except FileLost:
            return False
        return True

    return _each(upload, hashes, at_once, done)


def pull(
    files: CachedArtifacts,
    target: ArtifactStore,
    hashes: Iterable[str],
    at_once: int,
    done: Callable[[str], object],
) -> list[str]:
    """Bring files into a folder, each checked; return those that are gone or damaged.

    Args:
        files: The files of the workspace.
        target: The folder.
        hashes: Those to bring.
        at_once: Downloads at once.
        done: Called with each file that is there.

    Raises:
        StepError: The object store cannot be read.
    """

    def fetch(hash_: str) -> bool:
        if target.has(hash_) and not target.lost([hash_]):
            return True
        try:
            with files.open(hash_) as source:
                if files.path(hash_) != target.path(hash_):
                    target.put_stream(source)
        except FileLost:
            return False
        return True

    return _each(fetch, hashes, at_once, done)


def verify(
    files: CachedArtifacts, hashes: Iterable[str], at_once: int, done: Callable[[str], object]
) -> list[str]:
    """Read files in the object store to their end; return those with other bytes, or none."""

    def read(hash_: str) -> bool:
        return files.is_whole_there(hash_)

    return _each(read, hashes, at_once, done)


def _each(
    action: Callable[[str], bool],
    hashes: Iterable[str],
    at_once: int,
    done: Callable[[str], object],
) -> list[str]:
    """Do something with files side by side; return those with which it fails."""
    failed = []
    with ThreadPoolExecutor(at_once, "moving") as pool:
        for hashes_ in _some(hashes, at_once * 4):
            for hash_, ok in zip(hashes_, pool.map(action, hashes_), strict=True):
                if ok:
                    done(hash_)
                else:
                    failed.append(hash_)
    return failed


def _some(items: Iterable[T], size: int) -> Iterator[list[T]]:
    some: list[T] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def cache_use(folder: Path) -> tuple[int, int]:
    """Return the number of files in the cache, and their bytes."""
    sizes = [file.size for file in cached_files(folder)]
    return len(sizes), sum(sizes)
