"""Sources of weights: a model id of the hub, a file in one, or a path of this machine.

org/name                    a model of the Hugging Face hub, at its default branch
org/name@v1.0               the same at a branch, tag or commit
org/name:file.safetensors   one file of it
/models/sdxl, ./sdxl, ~/m   a folder or a file of this machine
"""

import re
from pathlib import Path

from pydantic import Field

from engine.contract.backend import FrozenModel

_WORD = r"[A-Za-z0-9][\w.-]{0,95}"
_HUB = re.compile(
    rf"(?P<repo>{_WORD}/{_WORD}?)"
    r"(?:@(?P<revision>[A-Za-z0-9][\w.-]{0,99}))?"
    r"(?::(?P<file>[A-Za-z0-9][\w.+/-]{0,199}))?"
)
_PATH_STARTS = ("/", "./", "../", "~")


class WeightsSource(FrozenModel):
    """Source of weights: either `repo` or `path` is set.

    Attributes:
        repo: The model's id on the hub, `org/name`.
        revision: Branch, tag or commit; None for the default branch.
        file: One file of the model, if only that is needed.
        path: A folder or a file of this machine.
    """

    repo: str | None = None
    revision: str | None = None
    file: str | None = None
    path: Path | None = Field(None)

    def __str__(self) -> str:
        if self.repo is None:
            return str(self.path)
        at = f"@{self.revision}" if self.revision else ""
        return f"{self.repo}{at}" + (f":{self.file}" if self.file else "")


def parse_source(text: str) -> WeightsSource:
    """Parse a source as it is written in settings.

    Raises:
        ValueError: It is neither a model id nor a path.
    """
    text = text.strip()
    if text.startswith(_PATH_STARTS) and text.isprintable():
        return WeightsSource(path=Path(text))
    match = _HUB.fullmatch(text)
    if match is None or ".." in text or not _is_repo(match.group("repo")):
        raise ValueError(
            "must be a model id (org/name, org/name@revision, org/name:file) or a path that "
            "begins with /, ./ or ~"
        )
    return WeightsSource(**match.groupdict())


def _is_repo(repo: str) -> bool:
    """Return whether the hub allows such an id: its client refuses others with an error."""
    endings = tuple(part[-1] for part in repo.split("/"))
    return "--" not in repo and not repo.endswith(".git") and not {"-", "."} & set(endings)


def checked_source(text: str) -> str:
    """Return the text of a source, for a field of settings.

    A path becomes absolute: the engine may run in another folder than the one it was written in.

    Raises:
        ValueError: It is neither a model id nor a path.
    """
    source = parse_source(text)
    return str(source.path.expanduser().absolute()) if source.path else str(source)
