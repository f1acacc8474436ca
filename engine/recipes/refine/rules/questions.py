"""Writes the questions of a brief by the vocabulary of the embedded family.

One question per thing that is named, one per measure that the brief lets one expect something of.
"""

from typing import Any

from engine.imaging.vocabulary.expectations import Expectation, understand
from engine.imaging.vocabulary.reading import Mention, read
from engine.recipes.refine.checklist import MAX_QUESTIONS
from engine.recipes.refine.rules.critic import WORDS

_KINDS = {"mass_x": "position", "off_centre": "position"}


def questions(brief: str) -> list[dict[str, Any]]:
    """Return the fields of each question, each after those that it depends on.

    Args:
        brief: What the operator asked for.
    """
    rows: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for mention in read(brief).of("subject"):
        names[mention.name] = f"q{len(rows) + 1}"
        rows.append(_object(names[mention.name], mention))
    for one in understand(brief).expectations:
        rows.append(_measured(f"q{len(rows) + 1}", one, names))
    return rows[:MAX_QUESTIONS]


def _object(name: str, mention: Mention) -> dict[str, Any]:
    words = mention.name.replace("-", " ")
    text = f"Does the picture show {words}?"
    return {"id": name, "text": text, "kind": "object", "subject": words}


def _measured(name: str, one: Expectation, names: dict[str, str]) -> dict[str, Any]:
    asked = " and ".join(one.words)
    row: dict[str, Any] = {"id": name, "measure": one.measure}
    if one.measure.startswith("share:"):
        colour, _, subject = one.words[0].partition(" ")
        owner = (names[subject],) if subject in names else ()
        text = f"Is enough of the picture {asked}?"
        return row | {
            "text": text, "kind": "colour", "subject": subject, "value": colour, "depends_on": owner
        }  # fmt: skip
    label = WORDS[one.measure][0]
    return row | {
        "text": f"Does the {label} of the picture fit {asked}?",
        "kind": _KINDS.get(one.measure, "style"),
        "subject": label,
        "value": asked,
    }
