"""Download of weights from the hub with its own client: resumable, checked, cached."""

import errno
import re
import shutil
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from engine.contract.install import install_command
from engine.models.weights.content import remove_others
from engine.models.weights.finding import check_hash, find, remedy
from engine.models.weights.licences import CARD
from engine.models.weights.requirements import RequiredWeights
from engine.text.plural import byte_count
from engine.text.terminal import clean, quoted


class PullError(RuntimeError):
    """Weights could not be fetched; the message has the reason and the remedy, in a sentence."""


def pull(wanted: RequiredWeights) -> Path:
    """Fetch missing weights; the hub's client shows progress on standard error.

    Args:
        wanted: The weights; those at a path are never fetched, only searched for.

    Returns:
        Their path.

    Raises:
        PullError: They could not be fetched; fetched parts are kept for the next time.
        Blocked: The fetched file is not the required one.
    """
    if wanted.where.path is None:
        _refuse_offline(wanted)
        try:
            _fetch(wanted)
        except PullError:
            raise
        except Exception as error:
            raise PullError(_sentence(wanted, error)) from error
    path = find(wanted)
    if path is None:
        raise PullError(_incomplete(wanted))
    if wanted.where.path is None and (other := remove_others(path)):
        raise PullError(
            f"What came as {other.name} is something else, such as the page of a login or a proxy. "
            f"It was removed; check the network, and pull {wanted.name} again."
        )
    if path.is_file():
        check_hash(wanted, path)
    return path


def _incomplete(wanted: RequiredWeights) -> str:
    if wanted.where.path is not None:
        return f"There is nothing that could be loaded. {remedy(wanted)}"
    needed = ", ".join(wanted.needs) + (" and safetensors" if wanted.has_weights else "")
    return (
        f"{wanted.source} was fetched but does not hold what {wanted.name} needs: {needed}. "
        "Choose a model in the safetensors format."
    )


def _refuse_offline(wanted: RequiredWeights) -> None:
    from huggingface_hub import constants

    if wanted.offline or constants.HF_HUB_OFFLINE:
        what = "the setting offline" if wanted.offline else "HF_HUB_OFFLINE"
        raise PullError(
            f"{wanted.name} is not fetched, because {what} forbids it; unset it, or copy "
            f"{wanted.source} into the hub's cache."
        )


def _fetch(wanted: RequiredWeights) -> None:
    from huggingface_hub import HfApi, snapshot_download

    source = wanted.where
    repo, revision = str(source.repo), source.revision
    info = HfApi().model_info(repo, revision=revision, files_metadata=True)
    files = [item for item in info.siblings or () if _is_fetched(wanted, item.rfilename)]
    if not files:
        raise PullError(_incomplete(wanted))
    files += [item for item in info.siblings or () if item.rfilename == CARD and item not in files]
    _refuse_outside(wanted, [item.rfilename for item in files])
    _refuse_full_disk(wanted, sum(item.size or 0 for item in files))
    names = [item.rfilename for item in files]
    snapshot_download(repo, revision=revision, allow_patterns=names)


def _refuse_outside(wanted: RequiredWeights, names: list[str]) -> None:
    for name in names:
        if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name):
            raise PullError(
                f"The hub lists a file of {wanted.source} whose name, {quoted(name)}, leads out of "
                "its folder; nothing is fetched."
            )


def _is_fetched(wanted: RequiredWeights, name: str) -> bool:
    if wanted.where.file is not None:
        return name == wanted.where.file
    return any(fnmatch(name, pattern) for pattern in wanted.files) and not any(
        fnmatch(name, pattern) for pattern in wanted.leave
    )


def _refuse_full_disk(wanted: RequiredWeights, needed: int) -> None:
    """Raise if the disk has too little space, before the first byte is fetched."""
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed - _fetched_already(wanted):
        raise PullError(
            f"{wanted.name} takes {byte_count(needed)}, and {byte_count(free)} are free at "
            f"{folder}; make room, or set HF_HOME to a folder on a larger disk."
        )


def _fetched_already(wanted: RequiredWeights) -> int:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    folder = repo_folder_name(repo_id=str(wanted.where.repo), repo_type="model")
    blobs = Path(constants.HF_HUB_CACHE) / folder / "blobs"
    return sum(file.stat().st_size for file in blobs.glob("*")) if blobs.is_dir() else 0


_KNOWN = {
    "GatedRepoError": "{source} asks for its licence to be accepted: do so on its page on the hub, "
    "and set HF_TOKEN to a token that may read it.",
    "RepositoryNotFoundError": "The hub knows no model {repo}, or it is private: check the id, or "
    "set HF_TOKEN to a token that may read it.",
    "RevisionNotFoundError": "The hub knows no revision {revision} of {repo}; check it.",
    "RemoteEntryNotFoundError": "The hub has no file {file} in {repo}; check its name.",
}
"""Messages for the client's errors; the first match counts."""


_PIP = re.compile(r"pip install (httpx2?\[socks\])")
"""Command in the client's message about a missing package for a SOCKS proxy."""


def _sentence(wanted: RequiredWeights, error: Exception) -> str:
    """Return a sentence for an error, without addresses and headers of the client's message."""
    name, source = wanted.name, wanted.where
    kinds = {kind.__name__ for kind in type(error).__mro__}
    for kind, sentence in _KNOWN.items():
        if kind in kinds:
            return sentence.format(
                source=source, repo=source.repo, revision=source.revision, file=source.file
            )
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full; make room, and pull {name} again: it resumes where it stopped."
    if isinstance(error, ImportError) and (command := _PIP.search(str(error))):
        install = install_command(package=command[1])
        return f"A proxy is set, and its package is missing. Run: {install}"
    status = _status(error)
    if status is not None:
        return f"The hub answered {status} for {source}; try again later."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{clean(str(error.filename))}: {error.strerror}."
    return (
        f"The hub could not be reached for {source} ({type(error).__name__}); check the network, "
        f"and pull {name} again: it resumes where it stopped."
    )


def _status(error: Exception) -> int | None:
    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return status if isinstance(status, int) else None
