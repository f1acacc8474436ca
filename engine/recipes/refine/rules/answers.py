"""Answers the questions of a checklist by looking at the pixels; says what it cannot tell.

It sees the image and nothing else of it: no prompt, no seed, no metadata. Things are recognised by
their silhouettes (`engine.imaging.silhouettes`), and number, place and colour are those of the
silhouettes that were found; tone is measured as the critic does it. A thing without a known
silhouette, one that may or may not be there, and a colour or place in between are `cannot_tell`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from engine.imaging.measure.colour import from_hex
from engine.imaging.measure.image import measure, palette_adherence
from engine.imaging.vocabulary.counting import number_of
from engine.imaging.vocabulary.expectations import GROUNDS, Expectation, measured, understand
from engine.imaging.vocabulary.reading import read
from engine.recipes.refine.checklist import AnswerVerdict, Question
from engine.recipes.refine.rules.critic import MET, describe
from engine.recipes.refine.rules.questions import NONE, PALETTE, palette
from engine.recipes.refine.rules.sight import Sight

SURE, UNLIKELY = 0.72, 0.19
"""Likelihood of a thing from which it is there, and below which it is not."""

POSSIBLE = 0.1
"""Likelihood from which one more of a thing is possible."""

HAS_COLOUR, LACKS_COLOUR = 0.3, 0.1
"""Share of a thing in a colour from which it has this colour, and below which it has not."""

TRACE = 0.0004
"""Share of an image in a colour below which no thing of this colour can be there."""

KEEPS = 0.5
"""Adherence from which a picture keeps to a palette."""

_PLACES: dict[str, tuple[Callable[[float], float], float, float]] = {
    "left": (lambda aside: -aside, 0.05, 0.0),
    "right": (lambda aside: aside, 0.05, 0.0),
    "centred": (lambda aside: -abs(aside), -0.08, -0.14),
}
"""For each place how far a distance from the middle speaks for it, from where it is there, and up
to where it is not; distances are parts of the width, to the right."""

_UNSEEN = "No measure sees this."


def answers(
    image: bytes, questions: Sequence[Question], brief: str, strictness: float = 1.0
) -> dict[str, Any]:
    """Return the fields of the answers to a checklist, less the scorer.

    Args:
        image: PNG, JPEG or WebP.
        questions: The questions.
        brief: What the operator asked for, which the expectations are read from.
        strictness: Divides every tolerance.

    Raises:
        ValueError: The bytes are no image.
    """
    measures = measure(image)
    expectations = understand(brief, strictness).expectations
    values = measured(measures, expectations)
    colours = [from_hex(one.value) for one in palette(read(brief))]
    if colours:
        values[PALETTE] = round(palette_adherence(measures.lab, colours), 4)
    answerer = _Answerer(Sight(image), {one.measure: one for one in expectations}, values)
    return {
        "answers": [{"id": one.id, **answerer.answer(one)} for one in questions],
        "description": describe(measures),
        "measurements": values,
    }


class _Answerer:
    """Answers questions about one image.

    Args:
        sight: What is seen of things.
        expectations: What the brief lets one expect, by measure.
        values: The measured values.
    """

    def __init__(
        self, sight: Sight, expectations: dict[str, Expectation], values: dict[str, float]
    ) -> None:
        self.sight = sight
        self.expectations = expectations
        self.values = values
        self.ways: dict[str, Callable[[Question, str], dict[str, Any]]] = {
            "object": self._object,
            "count": self._count,
            "colour": self._colour,
            "position": self._position,
        }

    def answer(self, question: Question) -> dict[str, Any]:
        """Return verdict, confidence and reason of a question."""
        things = read(question.subject).names("subject")
        way = self.ways.get(question.kind)
        if way is not None and things and things[0] not in GROUNDS:
            return way(question, things[0])
        return self._measured(question)

    def _object(self, question: Question, name: str) -> dict[str, Any]:
        if not self.sight.knows(name):
            return _reply("cannot_tell", _UNSEEN)
        likely = self.sight.likelihood(name)
        asked = 1 - likely if question.value == NONE else likely
        where = f", {self.sight.where(name)}" if likely >= SURE else ""
        return _by_likelihood(asked, f"{name}: likelihood {likely:.2f}{where}")

    def _count(self, question: Question, name: str) -> dict[str, Any]:
        wanted = number_of(question.value.strip().casefold())
        if wanted is None or not self.sight.knows(name):
            return _reply("cannot_tell", _UNSEEN)
        sure, possible = self.sight.count(name, SURE, POSSIBLE)
        seen = f"{sure} found for sure, {possible} at most"
        if not sure:
            return _reply("cannot_tell", seen)
        if not sure <= wanted <= possible:
            return _reply("no", seen, 0.0)
        return _reply("yes", seen, 1.0) if sure == possible else _reply("cannot_tell", seen)

    def _position(self, question: Question, name: str) -> dict[str, Any]:
        if self.sight.likelihood(name) < SURE:
            return _reply("cannot_tell", f"It is not clear where the {name} is.")
        across = self.sight.across(name)
        side = next(iter(read(question.value).names("composition")), "")
        seen = f"the {name} is at {across:.2f} of the width"
        if side not in _PLACES:
            return _reply("cannot_tell", f"{question.value!r} is not a place that is measured.")
        how_far, enough, too_little = _PLACES[side]
        far = how_far(across - 0.5)
        if far >= enough:
            return _reply("yes", seen, 1.0)
        return _reply("no", seen, 0.0) if far <= too_little else _reply("cannot_tell", seen, 0.5)

    def _colour(self, question: Question, name: str) -> dict[str, Any]:
        colours = read(question.value).of("colour")
        if not colours:
            return _reply("cannot_tell", f"{question.value!r} is not a colour that is known.")
        if self.sight.share_of_all(colours[0].value) < TRACE:
            return _reply("no", f"hardly any {question.value} in the picture", 0.0)
        share = self.sight.share_in(name, colours[0].value, SURE)
        if share is None:
            return _reply("cannot_tell", f"It is not clear where the {name} is.")
        seen = f"{share:.0%} of the {name} is {question.value}"
        if share >= HAS_COLOUR:
            return _reply("yes", seen, share)
        return _reply("no" if share < LACKS_COLOUR else "cannot_tell", seen, share)

    def _measured(self, question: Question) -> dict[str, Any]:
        if question.measure == PALETTE and PALETTE in self.values:
            share = self.values[PALETTE]
            seen = f"{share:.0%} of the picture keeps to {question.value}"
            return _reply("yes" if share >= KEEPS else "no", seen, share)
        one = self.expectations.get(question.measure)
        if one is None:
            return _reply("cannot_tell", _UNSEEN)
        value = self.values[one.measure]
        met = one.met(value)
        reason = f"{value:.2f}, expected {one.low:.2f} to {one.high:.2f}"
        return _reply("yes" if met >= MET else "no", reason, met)


def _by_likelihood(likely: float, reason: str) -> dict[str, Any]:
    verdict: AnswerVerdict = "cannot_tell"
    if likely >= SURE or likely <= UNLIKELY:
        verdict = "yes" if likely >= SURE else "no"
    return _reply(verdict, reason, likely)


def _reply(verdict: AnswerVerdict, reason: str, confidence: float | None = None) -> dict[str, Any]:
    rounded = None if confidence is None else round(confidence, 4)
    return {"verdict": verdict, "confidence": rounded, "reason": reason}
