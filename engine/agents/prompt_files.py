"""The words of agents: text files beside the code, each with a number and known by its content."""

import functools
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from engine.text.terminal import clean

_HEAD = re.compile(r"version: (\d+)\n\n")


@dataclass(frozen=True, slots=True)
class PromptFile:
    """What an agent is told.

    Attributes:
        name: The file's name without its ending.
        number: The number in its first line, raised when its meaning changes.
        text: The rest, which is sent.
    """

    name: str
    number: int
    text: str

    @property
    def version(self) -> str:
        """Name, number and the head of the text's SHA-256, for fingerprints and traces."""
        return f"{self.name}-{self.number}-{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"


@functools.cache
def prompt_file(name: str) -> PromptFile:
    """The words of an agent.

    Args:
        name: Name of a file in `engine/agents/prompts`, without its ending.

    Raises:
        FileNotFoundError: There is none.
        ValueError: Its first line is not `version: N`, followed by an empty one.
    """
    text = (files("engine.agents") / "prompts" / f"{name}.txt").read_text(encoding="utf-8")
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"The words of {name} begin with no version.")
    return PromptFile(name, int(head[1]), text[head.end() :].strip())


def fence(label: str, text: str) -> str:
    """Text from outside between two lines that it cannot contain.

    The mark in both lines is taken from the text's own hash, so that no text can hold the line
    that ends it. What cannot be seen (escape sequences, direction marks, tag characters) is
    removed, because a model reads it and the operator does not.

    Args:
        label: What it is, in capitals, for example `BRIEF`.
        text: Any text.
    """
    seen = clean(text, None, keep_newlines=True)
    mark = hashlib.sha256(f"{label}\n{seen}".encode()).hexdigest()[:16]
    return f"<<<{label} {mark}\n{seen}\n{label} {mark}>>>"
