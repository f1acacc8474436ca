"""Writes the questions of a brief by the vocabulary of the embedded family.

One question per thing that is named, and after it those about its number, colour and place, which
depend on it; then one per measure that the brief lets one expect something of. What is expected of
any image is not asked for, because the brief does not demand it.
"""

from collections.abc import Iterator
from typing import Any

from engine.imaging.vocabulary.counting import counts
from engine.imaging.vocabulary.expectations import GROUNDS, Expectation, understand
from engine.imaging.vocabulary.reading import Mention, PromptReading, read
from engine.recipes.refine.checklist import MAX_QUESTIONS
from engine.recipes.refine.rules.critic import WORDS
from engine.text.plural import pluralize

SIDES = {"left": "on the left", "right": "on the right", "centred": "in the middle"}
"""Places that a composition names, as a question says them."""

NONE = "none"
"""Value of a question whether the picture is free of something."""

PALETTE = "palette"
"""Measure of how closely a picture keeps to the colours that a brief names."""

_PLURALS = {
    "wolf": "wolves", "fish": "fish", "deer": "deer", "person": "people", "jellyfish": "jellyfish",
    "torii": "torii", "fruit": "fruit", "beach": "beaches",
}  # fmt: skip

_ANY, _BY_PALETTE = ("any picture",), ("the palette",)
_PLACES = ("mass_x", "off_centre")


def questions(brief: str) -> list[dict[str, Any]]:
    """Return the fields of each question, each after those that it depends on.

    Args:
        brief: What the operator asked for.
    """
    reading = read(brief)
    things = list(dict.fromkeys(reading.names("subject")))
    rows = [*_things(things, brief), *_excluded(reading), *_colours(reading)]
    rows += [*_palette(reading), *_places(reading, things)]
    placed = any(row["kind"] == "position" for row in rows)
    for one in understand(brief).expectations:
        asked = one.words not in (_ANY, _BY_PALETTE) and not one.measure.startswith("share:")
        if asked and not (placed and one.measure in _PLACES):
            rows.append(_measured(one))
    return _numbered(rows[:MAX_QUESTIONS])


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each question its id, and to those about a thing the id of the thing's own."""
    owners = {
        row["subject"]: f"q{at}"
        for at, row in enumerate(rows, 1)
        if row["kind"] == "object" and not row.get("value")
    }
    for at, row in enumerate(rows, 1):
        row["id"] = f"q{at}"
        owner = owners.get(row["subject"], row["id"])
        row["depends_on"] = (owner,) if owner != row["id"] else ()
    return rows


def _things(things: list[str], brief: str) -> Iterator[dict[str, Any]]:
    numbers = counts(brief)
    for name in things:
        words = name.replace("-", " ")
        text = f"Is there any {words} in the picture?"
        yield {"text": text, "kind": "object", "subject": words}
        if name in numbers:
            yield {
                "text": f"Does the picture show exactly {_many(numbers[name], words)}?",
                "kind": "count",
                "subject": words,
                "value": str(numbers[name]),
            }


def _many(number: int, words: str) -> str:
    plural = f"{words[:-1]}ies" if words.endswith("y") else _PLURALS.get(words, "")
    return pluralize(number, words, plural)


def _excluded(reading: PromptReading) -> Iterator[dict[str, Any]]:
    for family, name in sorted(reading.removed):
        if family == "subject":
            words = name.replace("-", " ")
            text = f"Is the picture without any {words}?"
            yield {"text": text, "kind": "object", "subject": words, "value": NONE}


def _colours(reading: PromptReading) -> Iterator[dict[str, Any]]:
    for colour in reading.of("colour")[:8]:
        subject = colour.of.replace("-", " ")
        yield {
            "text": _colour_text(colour, subject),
            "kind": "colour",
            "subject": subject,
            "value": colour.name.replace("-", " "),
            "measure": f"share:{colour.value}",
        }


def _colour_text(colour: Mention, subject: str) -> str:
    name = colour.name.replace("-", " ")
    return f"Is the {subject} {name}?" if subject else f"Is enough of the picture {name}?"


def _palette(reading: PromptReading) -> Iterator[dict[str, Any]]:
    names = list(dict.fromkeys(one.name.replace("-", " ") for one in palette(reading)))
    if names:
        words = f"{', '.join(names[:-1])} and {names[-1]}"
        yield {
            "text": f"Does the picture keep to {words}?",
            "kind": "colour",
            "subject": "",
            "value": words,
            "measure": PALETTE,
        }


def palette(reading: PromptReading) -> list[Mention]:
    """Return the colours that a picture may have by its brief; none if they do not fill it.

    They fill it if at least two of them are free, or of a subject that fills a picture.
    """
    colours = reading.of("colour")[:8]
    filling = {one.value for one in colours if not one.of or one.of in GROUNDS}
    return colours if len(filling) > 1 else []


def _places(reading: PromptReading, things: list[str]) -> Iterator[dict[str, Any]]:
    sides = [name for name in reading.names("composition") if name in SIDES]
    if sides and things:
        subject = things[0].replace("-", " ")
        yield {
            "text": f"Is the {subject} {SIDES[sides[0]]}?",
            "kind": "position",
            "subject": subject,
            "value": sides[0],
            "measure": "mass_x",
        }


def _measured(one: Expectation) -> dict[str, Any]:
    label, asked = WORDS[one.measure][0], " and ".join(one.words)
    return {
        "text": f"Does the {label} of the picture fit {asked}?",
        "kind": "position" if one.measure in _PLACES else "style",
        "subject": label,
        "value": asked,
        "measure": one.measure,
    }
