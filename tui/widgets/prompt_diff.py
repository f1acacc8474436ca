"""Differences between two versions of a prompt, word by word.

Removed words are struck out, added words underlined. Without colours they are in `[-...-]` and
`{+...+}` as well, the notation of `git diff --word-diff`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Literal

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import Static

from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.widgets.theme_changes import on_theme_change

MAX_CHARACTERS = 20_000
"""Maximum characters of either prompt that are shown."""
MAX_WORDS = 8000
"""Maximum words and spaces of either prompt that are compared, without what both begin and end
with: a second in a thread at worst."""

AT_ONCE = 1000
"""Maximum characters that are compared at once; longer prompts are compared in a thread."""

Kind = Literal["same", "removed", "added"]
Part = tuple[Kind, str]

# Words, spaces and line ends; a character of a script written without spaces is a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORDS = re.compile(rf"\n|[^\S\n]+|[{_UNSPACED}]|[^\s{_UNSPACED}]+")


def words_of(text: str) -> list[str]:
    """Split a text into words, spaces and line ends; joined they are the text again."""
    return _WORDS.findall(text)


def compare(before: str, after: str) -> list[Part]:
    """Return unchanged, removed and added parts, in reading order.

    Args:
        before: The earlier text, cleaned.
        after: The later text, cleaned.

    Returns:
        Parts that are not empty. `same` and `removed` make up the earlier text, `same` and
        `added` the later one.
    """
    old, new = words_of(before), words_of(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    end_old, end_new = len(old) - tail, len(new) - tail
    middle = _between(old[head:end_old], new[head:end_new])
    parts: list[Part] = [("same", "".join(old[:head])), *middle, ("same", "".join(old[end_old:]))]
    return list(_joined(parts))


def _common(one: list[str], other: list[str]) -> int:
    """Return the number of equal words at the start of two lists."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _between(old: list[str], new: list[str]) -> Iterator[Part]:
    if max(len(old), len(new)) > MAX_WORDS:  # too different for a comparison word by word
        yield "removed", "".join(old)
        yield "added", "".join(new)
        return
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            yield "same", "".join(old[i1:i2])
        else:
            yield "removed", "".join(old[i1:i2])
            yield "added", "".join(new[j1:j2])


def _joined(parts: list[Part]) -> Iterator[Part]:
    """Drop empty parts, and merge single spaces between two replacements into them."""
    removed = added = ""
    for at, (kind, text) in enumerate(parts):
        if kind == "removed":
            removed += text
        elif kind == "added":
            added += text
        elif text == " " and removed and added and _is_replacement(parts[at + 1 : at + 3]):
            removed, added = removed + text, added + text
        elif text:
            yield from _changes(removed, added)
            removed = added = ""
            yield "same", text
    yield from _changes(removed, added)


def _is_replacement(following: list[Part]) -> bool:
    return [kind for kind, text in following if text] == ["removed", "added"]


def _changes(removed: str, added: str) -> Iterator[Part]:
    if removed:
        yield "removed", removed
    if added:
        yield "added", added


_SIGNS = {"added": ("{+", "+}"), "removed": ("[-", "-]")}


def as_text(
    parts: list[Part], variables: Mapping[str, str] | None = None, *, signs: bool = True
) -> Text:
    """Return parts as text, changes marked by line and colour.

    Args:
        parts: Result of `compare`.
        variables: The theme's variables; without them the terminal's own colours are used.
        signs: True to mark them by signs as well, for terminals without colour.
    """
    colours = variables or {}
    marks = {
        "added": Style(color=colours.get("diff-added", "green"), bold=True, underline=True),
        "removed": Style(color=colours.get("diff-removed", "red"), strike=True),
    }
    text = Text()
    for kind, part in parts:
        words = part.rstrip(" ") or part
        if kind == "same":
            text.append(part)
            continue
        before, after = _SIGNS[kind] if signs else ("", "")
        text.append(f"{before}{words}{after}", marks[kind])
        rest = part[len(words) :]
        text.append(rest or (" " if kind == "removed" and not signs else ""))
    return text


class PromptDiff(Static):
    """A prompt with its changes; as high as needed: put it into a widget that scrolls."""

    DEFAULT_CSS = """
    PromptDiff {
        height: auto;
    }
    """

    @dataclass
    class Compared(Message, bubble=False):
        """A thread has compared two long prompts."""

        number: int
        parts: list[Part]

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__("", name=name, id=id, classes=classes, markup=False)
        self._shown: tuple[str, str] | None = None
        self._number = 0
        self._parts: list[Part] = []
        self._left_out = 0

    @property
    def parts(self) -> list[Part]:
        """The displayed parts, from `compare`."""
        return self._parts

    def show(self, before: str, after: str) -> None:
        """Show the changes; the first version of a prompt has no predecessor.

        Args:
            before: The earlier prompt, empty if there is none: then the later one is shown
                unchanged.
            after: The later prompt.
        """
        if (before, after) == self._shown:
            return
        self._shown = (before, after)
        self._number += 1
        self._left_out = max(len(before), len(after)) - MAX_CHARACTERS
        old, new = (clean(text, MAX_CHARACTERS, keep_newlines=True) for text in (before, after))
        if not old:
            self._put([("same", new)] if new else [])
        elif len(old) + len(new) < AT_ONCE:
            self._put(compare(old, new))
        else:
            self.update(Text("Comparing…"))
            work = partial(self._compare, self._number, old, new)
            self.run_worker(work, thread=True, group="compare", exclusive=True)

    def on_mount(self) -> None:
        """Take the colours of a theme that is chosen later."""
        on_theme_change(self, self._restyle)

    def _restyle(self) -> None:
        self._put(self._parts)

    def _compare(self, number: int, old: str, new: str) -> None:
        """Compare; in a thread."""
        self.post_message(self.Compared(number, compare(old, new)))

    def on_prompt_diff_compared(self, message: Compared) -> None:
        """Show the result of a thread, unless other prompts are shown by now."""
        message.stop()
        if message.number == self._number:
            self._put(message.parts)

    def _put(self, parts: list[Part]) -> None:
        self._parts = parts
        variables = self.app.theme_variables if self.is_attached else {}
        text = as_text(parts, variables, signs=self.app.no_color)
        if self._left_out > 0:
            more = pluralize(self._left_out, "more character is", "more characters are")
            text.append(f"\n({more} not shown)", Style(italic=True))
        self.update(text)
