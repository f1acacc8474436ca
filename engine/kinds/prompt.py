"""Kind `prompt`: a text that was written for a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract.kinds import Content, Drawing, Face, Item, Line, Lines, Size, Span
from engine.kinds.text import DataKind
from engine.text import quantities
from engine.text.terminal import clean
from engine.text.wrapping import wrapped

MAX_CHARACTERS = 20_000
"""Characters of a prompt that are shown, at most."""

_TEXTS = ("visual_prompt", "prompt", "text")
"""Fields of a result that hold the prompt."""

_TERMS = ("mode", "temperature")
"""Fields of a request that say how the prompt was asked for."""


class PromptKind(DataKind):
    """The result of a step that wrote a prompt; its versions are drawn from the store's rows."""

    name = "prompt"
    title = "prompt"
    face: Face = "hidden"

    def recognise(self, content: Content) -> None:
        """Return None: only steps name it."""

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return how it was asked for, its author and its number of words."""
        request = item.request if isinstance(item.request, Mapping) else {}
        found = [(name, _short(request[name])) for name in _TERMS if _is_plain(request.get(name))]
        if text := _text_of(item.data):
            found.append(("words", str(len(text.split()))))
        return found

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the facts in a line, the prompt in whole, and its author."""
        text = _text_of(item.data)
        if text is None:
            return super().full(item, size)
        facts = ", ".join(
            f"{value} words" if name == "words" else value for name, value in self.facts(item)
        )
        shown = clean(text, MAX_CHARACTERS, keep_newlines=True)
        author = item.data.get("author")
        lines = [
            *_lines(facts, size, muted=True),
            *_lines(shown, size),
            *_lines(clean(author, 120) if isinstance(author, str) else "", size, muted=True),
        ]
        return Lines(tuple(lines))


def _lines(text: str, size: Size, *, muted: bool = False) -> list[Line]:
    return [(Span(line, "muted" if muted else ""),) for line in wrapped(text, size.columns)]


def _text_of(data: Any) -> str | None:
    if not isinstance(data, Mapping):
        return None
    return next((data[name] for name in _TEXTS if isinstance(data.get(name), str)), None)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _short(value: Any) -> str:
    return clean(value, 40) if isinstance(value, str) else quantities.number(value)
