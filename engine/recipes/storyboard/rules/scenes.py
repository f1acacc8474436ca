"""Splits a brief into scenes by rules: by what the brief lists, otherwise by dramatic beats.

The brief's own order is looked for first: a numbered list, lines, sentences, semicolons and words
of time ("then", "finally"). Where it has more parts than scenes are asked for, neighbours share a
scene; where it has fewer, beats are put between and around them (establishing, action, detail,
hero, closing), each of which shows what the brief is about. No two of a film have the same prompt.
"""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from engine.recipes.storyboard.film import Film
from engine.recipes.storyboard.rules.choices import choices
from engine.recipes.storyboard.rules.subjects import without_action, without_form
from engine.recipes.storyboard.rules.terms import LIMIT, words_of
from engine.text.terminal import clean

LONGEST_PROMPT = 600
"""Characters of a scene's prompt at most."""

MIN_WORDS = 2
"""Minimum number of words for a part to count as a scene."""

_ITEM = re.compile(r"^\s*(?:(?:scene|shot)\s*)?(?:\d{1,3}\s*[.):-]|[-*•–])\s+", re.IGNORECASE)
_INLINE = re.compile(r"(?:^|(?<=\s))\(?\d{1,3}[.)]\s+(?=\S)")
# Runs of spaces are made one first: the patterns below would try each of them anew.
_SPACES = re.compile(r"[^\S\n]+")
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+")
_TURN = re.compile(
    r"\s*;\s*|\s*(?:[,.]\s*)?\b(?:and\s+)?(?:then|next|afterwards?|after that|finally|at last|"
    r"lastly|in the end|later|meanwhile|at the same time|cut to|moments later|suddenly)\b[,:]?\s+",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:(?:and|then|next|first|firstly|second|secondly|third|thirdly|finally|lastly|later|"
    r"meanwhile|afterwards|to begin with|at first|it (?:opens|starts|begins) with|"
    r"(?:it )?ends with)\b[,:]?\s+)+",
    re.IGNORECASE,
)


class ScenePart(BaseModel):
    """One scene as it was written: a `PlannedScene` before it has a length."""

    prompt: str
    notes: str


def split(film: Film, count: int) -> list[dict[str, Any]]:
    """Split a film's brief into scenes.

    Args:
        film: The brief, with its length, brand and what stays the same.
        count: How many scenes, 1 to 100.

    Returns:
        As many scenes, in order, each the fields of a `PlannedScene`; their lengths sum up to the
        film's.
    """
    parts = _parts(film.brief)
    if len(parts) > count:
        scenes = [ScenePart(prompt=text, notes="") for text in _merged(parts, count)]
    else:
        scenes = _with_beats(film, parts, count)
    lengths = _lengths(film.target_duration, [scene.prompt for scene in scenes])
    return [
        {"prompt": scene.prompt, "duration": length, "notes": scene.notes}
        for scene, length in zip(scenes, lengths, strict=True)
    ]


def _parts(brief: str) -> list[str]:
    """Scenes that a brief lists, in order; the whole if it has only one."""
    text = _SPACES.sub(" ", clean(brief[:LIMIT], None, keep_newlines=True))
    items = _items(text)
    if not items:
        items = [part for sentence in _SENTENCE.split(text) for part in _TURN.split(sentence)]
    texts = [_tidy(item) for item in items]
    return [one for one in texts if len(words_of(one)) >= MIN_WORDS] or [
        one for one in texts if one
    ][:1]


def _items(text: str) -> list[str]:
    """Items of a list, by lines or in one line; none if the text is not a list."""
    lines = [line for line in text.splitlines() if line.strip()]
    if sum(bool(_ITEM.match(line)) for line in lines) >= 2:
        return [_ITEM.sub("", line) for line in lines if _ITEM.match(line)]
    inline = [piece for piece in _INLINE.split(text) if piece.strip()]
    return inline if len(_INLINE.findall(text)) >= 2 else []


def _tidy(text: str) -> str:
    text = _LEADING.sub("", clean(text, LONGEST_PROMPT)).strip(" ,;:.-–")
    return text[:1].upper() + text[1:]


def _merged(parts: list[str], count: int) -> list[str]:
    """Join neighbours, the shortest pair first, until so many are left."""
    # Of very many, first as many as can be compared pair by pair in no time.
    step = max(1, len(parts) // (4 * count))
    texts = [
        clean(". ".join(parts[at : at + step]), LONGEST_PROMPT) for at in range(0, len(parts), step)
    ]
    while len(texts) > count:
        sizes = [len(one) + len(other) for one, other in pairwise(texts)]
        at = sizes.index(min(sizes))
        texts[at : at + 2] = [clean(f"{texts[at]}. {texts[at + 1]}", LONGEST_PROMPT)]
    return texts


def _with_beats(film: Film, parts: list[str], count: int) -> list[ScenePart]:
    """The parts in their order, with beats until there are enough scenes."""
    whole = without_form(parts[0]) if parts else clean(film.brand.name, 80) or "One subject"
    scenes = [ScenePart(prompt=text, notes="") for text in parts]
    if len(scenes) == count:
        return scenes
    beats = _Beats(film)
    if len(scenes) <= 1:
        return [beats.of(whole, name) for name in _arc(count)]
    opening = [beats.of(whole, "establishing")] if count - len(scenes) >= 2 else []
    missing = count - len(scenes) - len(opening) - 1
    between = _between(beats, scenes, missing)
    return [*opening, *between, beats.of(parts[-1], "closing")]


def _between(beats: "_Beats", scenes: list[ScenePart], missing: int) -> list[ScenePart]:
    """The parts, with `missing` beats shared out evenly behind them."""
    names = ("detail", "hero", "surroundings", "turn", "action")
    out: list[ScenePart] = []
    for at, part in enumerate(scenes):
        begin, end = missing * at // len(scenes), missing * (at + 1) // len(scenes)
        out.append(part)
        out += [beats.of(part.prompt, names[n % len(names)]) for n in range(begin, end)]
    return out


def _arc(count: int) -> list[str]:
    """Names of the beats of a film of so many scenes."""
    short = (["hero"], ["establishing", "hero"], ["establishing", "hero", "closing"])
    if count <= len(short):
        return list(short[count - 1])
    middle = ("action", "detail", "turn", "surroundings")
    between = ["action"] if count == 4 else [middle[at % 4] for at in range(count - 3)]
    return ["establishing", *between, "hero", "closing"]


class _Beats:
    """The beats of one film, of which none is the same as another.

    Args:
        film: The film.
    """

    def __init__(self, film: Film) -> None:
        self._film = film
        self._taken: Counter[str] = Counter()

    def of(self, part: str, name: str) -> ScenePart:
        """Return the next beat of a name about a part of the brief."""
        row = next(row for row in choices()["beat"] if row["name"] == name)
        again, number = divmod(self._taken[name], len(row["prompts"]))
        self._taken[name] += 1
        words = row["prompts"][number]
        times = choices()["again"]["times"]
        if again:
            words += f", {times[(again - 1) % len(times)]}"
        room = LONGEST_PROMPT - len(words)
        # Replaced, not formatted: the brief may hold braces.
        place, _, rest = words.partition("}")
        text = part if place == "{brief" else without_action(part)
        prompt = f"{clean(text, room)}{rest}"
        notes = row["notes"]
        if name == "closing" and self._film.brand.name:
            notes += " Leaves an empty area for the brand's name."
        return ScenePart(prompt=prompt[:1].upper() + prompt[1:], notes=notes)


def _lengths(total: float | None, texts: list[str]) -> list[float | None]:
    """Seconds of every scene, longer for longer texts; they sum up to the total."""
    if total is None:
        return [None] * len(texts)
    weights = [max(4, min(40, len(words_of(text)))) ** 0.5 for text in texts]
    marks = [total * sum(weights[:at]) / sum(weights) for at in range(len(texts))]
    if total < len(texts):  # too short for tenths; rounding would add up
        return [end - start for start, end in pairwise([*marks, total])]
    tenths = [round(mark, 1) for mark in marks]
    return [round(end - start, 9) for start, end in pairwise([*tenths, total])]
