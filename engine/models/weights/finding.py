"""Search for weights on this machine: in the hub's cache or at a path. Never uses the network."""

import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.contract.backend import MissingRequirement
from engine.contract.errors import Blocked
from engine.models.weights.requirements import RequiredWeights

_CHUNK = 1 << 20
_WEIGHT_SUFFIXES = frozenset({".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx"})


def find(wanted: RequiredWeights) -> Path | None:
    """Return the path of the weights: a file if the source names one, else a folder.

    It looks at names only, which is cheap: a file's hash is checked when it is loaded.

    Returns:
        None if they are missing or incomplete.
    """
    source = wanted.where
    if source.path is not None:
        path = source.path.expanduser()
        return path if path.is_file() or _is_whole(path, wanted) else None
    if source.file is not None:
        return _cached(wanted, source.file)
    if not wanted.needs:
        raise ValueError(f"{wanted.name}: without a file that it needs, it cannot be looked for")
    first = _cached(wanted, wanted.needs[0])
    folder = first and _folder_of(first, wanted.needs[0])
    return folder if folder and _is_whole(folder, wanted) else None


def require(wanted: RequiredWeights) -> Path:
    """Return the path of the weights.

    Raises:
        Blocked: They are missing.
    """
    path = find(wanted)
    if path is None:
        raise Blocked(_lack(wanted), reason="weights", remedy=f"{remedy(wanted)} Then resume.")
    return path


def missing_weights(wanted: Sequence[RequiredWeights]) -> list[MissingRequirement]:
    """Return the missing weights, each with one command that fetches all of them."""
    lacking = [item for item in wanted if find(item) is None]
    fetched = dict.fromkeys(item.name for item in lacking if item.where.path is None)
    command = f"Run: safelight models pull {' '.join(fetched)}."
    return [
        MissingRequirement(
            what=f"the weights {item.name} ({item.source})",
            remedy=command if item.where.path is None else remedy(item),
            reason="weights",
            elsewhere=True,
        )
        for item in lacking
    ]


def remedy(wanted: RequiredWeights) -> str:
    """Return advice on how to get the weights, as a sentence."""
    if wanted.where.path is not None:
        return f"Put them at {wanted.source}, or set another source."
    return f"Run: safelight models pull {wanted.name}."


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder, following links."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def holds_weights(path: Path) -> bool:
    """Return whether a file, or a file in a folder, holds weights by its suffix."""
    files = [path] if path.is_file() else path.rglob("*")
    return any(file.suffix.lower() in _WEIGHT_SUFFIXES for file in files)


def identity(wanted: RequiredWeights, path: Path) -> str:
    """Return the exact identity of weights, for the record of a score.

    Args:
        wanted: The weights.
        path: Path at which they were found.

    Returns:
        For example `org/name@1a2b3c4d5e6f` or `folder#9f8e7d6c5b4a`: a commit of the hub, or the
        beginning of the SHA-256 of the weight files. Paths of this machine are not in it.
    """
    source = wanted.where
    if source.repo is None:
        return f"{path.name}#{hash_of(path)[:12]}"
    # .../models--org--name/snapshots/COMMIT, and the file's own path below it
    below = source.file.count("/") + 1 if source.file else 0
    commit = path.parts[-1 - below]
    return f"{source.repo}@{commit[:12]}" + (f":{source.file}" if source.file else "")


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the hashes of a folder's safetensors in name order."""
    if path.is_file():
        stat = path.stat()
        return _file_hash(path.resolve(), stat.st_size, stat.st_mtime_ns)
    files = sorted(path.rglob("*.safetensors"))
    return hashlib.sha256("".join(hash_of(file) for file in files).encode()).hexdigest()


@functools.lru_cache(maxsize=256)
def _file_hash(path: Path, size: int, modified: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def check_hash(wanted: RequiredWeights, path: Path) -> None:
    """Check a file against the required hash, if any.

    Raises:
        Blocked: The file is another one.
    """
    if wanted.sha256 and hash_of(path) != wanted.sha256:
        raise Blocked(
            f"{path.name} is not the file that is wanted for {wanted.name}: its SHA-256 begins "
            f"with {hash_of(path)[:12]}, not with {wanted.sha256[:12]}.",
            reason="weights",
            remedy=f"Remove it and fetch it again, or set the hash of the file that you trust, "
            f"then resume. {remedy(wanted)}",
        )


def _lack(wanted: RequiredWeights) -> str:
    return f"The weights {wanted.name} ({wanted.source}) are not on this machine."


def _cached(wanted: RequiredWeights, name: str) -> Path | None:
    """Return a file of the hub's cache, if it exists."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:  # models run on another machine, and what is here is not used
        return None

    source = wanted.where
    path = try_to_load_from_cache(str(source.repo), name, revision=source.revision)
    return Path(path) if isinstance(path, str) else None


def _folder_of(file: Path, name: str) -> Path:
    return file.parents[name.count("/")]


def _is_whole(folder: Path, wanted: RequiredWeights) -> bool:
    if not folder.is_dir() or not all((folder / name).is_file() for name in wanted.needs):
        return False
    if not wanted.has_weights:
        return True
    return next(folder.rglob("*.safetensors"), None) is not None and all(
        shard.is_file() for shard in _shards(folder)
    )


def _shards(folder: Path) -> Iterator[Path]:
    """Return the parts that the indexes in a folder name."""
    for index in folder.rglob("*.safetensors.index.json"):
        try:
            names = set(json.loads(index.read_bytes())["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError):
            names = {"a readable index"}
        yield from (index.parent / Path(str(name)).name for name in names)
