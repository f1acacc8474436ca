"""Prompt files: the instructions of an agent, with a number and known by their content."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from engine.text.terminal import clean

_HEAD = re.compile(r"version: (\d+)\n\n")


@dataclass(frozen=True, slots=True)
class PromptFile:
    """Instructions of an agent, sent as the system's text.

    Attributes:
        name: Name of the file without its ending.
        number: Number in its first line, raised when its meaning changes.
        text: The rest, which is sent.
    """

    name: str
    number: int
    text: str

    @property
    def version(self) -> str:
        """Name, number and the head of the text's SHA-256, for fingerprints and traces."""
        return f"{self.name}-{self.number}-{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"


def prompt_beside(module: str, name: str | None = None) -> PromptFile:
    """Read a prompt file from the folder of a module.

    The first line is `version: N`, followed by an empty one.

    Args:
        module: Path of the module: its `__file__`.
        name: Name of the prompt file without `.txt`; the module's own by default.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Its first line is not `version: N`.
    """
    path = Path(module)
    path = path.with_name(f"{name or path.stem}.txt")
    text = path.read_text(encoding="utf-8")
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"{path} has no version; begin it with 'version: 1' and an empty line.")
    return PromptFile(path.stem, int(head[1]), text[head.end() :].strip())


def fence(label: str, text: str) -> str:
    """Return text from outside between two lines that it cannot contain.

    The mark in both lines is taken from the text's own hash, so that no text can hold the line
    that ends it. What cannot be seen (escape sequences, direction marks, tag characters) is
    removed, because a model reads it and the operator does not.

    Args:
        label: Name of the text in capitals, for example `BRIEF`.
        text: Any text.
    """
    seen = clean(text, None, keep_newlines=True)
    mark = hashlib.sha256(f"{label}\n{seen}".encode()).hexdigest()[:16]
    return f"<<<{label} {mark}\n{seen}\n{label} {mark}>>>"
