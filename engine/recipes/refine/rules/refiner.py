"""Refines a prompt by rules, from what was measured.

Control by measurement: for every expectation of the brief that is not met, the correction that
moves this measure is set so that it should land inside the range. How far a correction moves a
measure is at first an experience (`STEPS`), then what the attempts so far have shown (the secant
through two of them). A correction that moved nothing, or the wrong way, is left as it was.

Of an image that was not measured, the words of its critique say what to change. If nothing else
changes, a change of composition or light that the brief leaves open is tried, each once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from engine.imaging.vocabulary.corrections import OPPOSITES
from engine.imaging.vocabulary.expectations import Expectation, understand
from engine.imaging.vocabulary.reading import read
from engine.recipes.refine.rules.words import (
    complaints,
    each_once,
    lacking,
    name_of,
    open_changes,
)

STEPS: dict[str, tuple[str, float]] = {
    "lightness": ("brightness", 0.085),
    "contrast": ("contrast", 0.018),
    "saturation": ("saturation", 0.011),
    "variety": ("palette", 0.011),
    "warmth": ("warmth", 0.17),
    "sharpness": ("sharpness", 0.05),
    "edge_density": ("detail", 0.02),
    "mass_x": ("shift", 0.04),
    "off_centre": ("shift", 0.04),
}
"""Correction that moves each measure, and the typical effect of one step of it."""

SHARE_STEP = 0.5
"""One step of `more COLOUR` raises its share by this part of what is expected, as a rule."""

STRONGEST = 3.5
"""The greatest strength of a correction that is written."""

BOLDEST, BOLDEST_COLOUR = 2.4, 1.8
"""The greatest change of a strength from one attempt to the next, for tones and for colours."""

REACHES = (1.0, 0.5, 1.6, 0.75, 1.3, 0.35, 2.0, 0.9)
"""Factors on how far the prompts of one round go, in order."""

INSIDE = 0.3
"""Target within the range, as a fraction of its width."""

Weights = dict[str, float]
"""Strength of every correction by name; `more:#rrggbb` for a colour."""


class PastAttempt(BaseModel):
    """One attempt, as the refiner sees it."""

    prompt: str
    negative_prompt: str = ""
    score: float
    description: str = ""
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = {}


class Advice(BaseModel):
    """A better prompt, and why."""

    prompt: str
    negative_prompt: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One correction that was decided."""

    name: str
    before: float
    after: float
    why: str


def refine(
    brief: str,
    attempts: Sequence[PastAttempt],
    boldness: float = 1.0,
    *,
    best: int | None = None,
    avoid: Sequence[str] = (),
    others: int = 0,
) -> Advice:
    """Write the next prompt: the brief as it is, and explicit corrections.

    Args:
        brief: What the operator asked for.
        attempts: Every attempt so far, the oldest first, at least one.
        boldness: How far to go in one turn, as a factor.
        best: Index of the attempt to start from, from 0; by default that of the highest score.
        avoid: Terms that corrections do not have.
        others: Prompts that were written in the same round; each goes another way.
    """
    own_weights = _weights(brief, {})
    past = [_weights(attempt.prompt, own_weights) for attempt in attempts]
    if best is None:
        best = max(range(len(attempts)), key=lambda at: attempts[at].score)
    top, reach = attempts[best], REACHES[others % len(REACHES)]
    expectations = understand(brief).expectations
    steps = _steps(expectations, attempts, past, best, (boldness, reach))
    weights = past[best] | {step.name: step.after for step in steps}
    draft = _Draft(brief, weights, reach, avoid, _colour_names(expectations))
    measured = [one for one in expectations if one.measure in top.measurements]
    heard = draft.hear(top, is_measured=bool(measured), has_steps=bool(steps))
    opened = ""
    tried = {_spaced(attempt.prompt) for attempt in attempts}
    if not (steps or heard) or _spaced(draft.prompt) in tried:
        opened = draft.open(measured, past, others)
    reason = _reason(steps, attempts, best, heard, opened)
    return Advice(prompt=draft.prompt, negative_prompt=top.negative_prompt, reason=reason)


@dataclass(slots=True)
class _Draft:
    """The next prompt, as far as it is written.

    Attributes:
        brief: What the operator asked for.
        weights: Strength of its corrections.
        reach: How far to go, as a factor.
        avoid: Terms that it does not have.
        names: Name of each colour, by its correction.
        lost: What it emphasises.
    """

    brief: str
    weights: Weights
    reach: float
    avoid: Sequence[str]
    names: dict[str, str]
    lost: list[str] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """The brief with its corrections, and with what is emphasised."""
        values = sorted(self.weights.items())
        phrases = [_phrase(name, value, self.names) for name, value in values]
        phrases = [one for one in phrases if one and not _is_avoided(one, self.avoid)]
        phrases += [f"({phrase}:{1.3 * self.reach:.2g})" for phrase in self.lost]
        return f"{self.brief}\nCorrections: {', '.join(phrases)}." if phrases else self.brief

    def hear(self, attempt: PastAttempt, *, is_measured: bool, has_steps: bool) -> list[str]:
        """Take in what an evaluation says in words; return the changes."""
        if not is_measured:
            asked = [one for one in complaints(attempt.description) if self._change(one)]
            missing = [*attempt.missing, *lacking(attempt.description, self.brief)]
            self.lost = self._allowed(_plain(missing))
            return [*asked, *self.lost]
        if not has_steps:  # then it misses things, which no correction moves
            known = _spaced(self.brief)
            things = (one for one in _plain(attempt.missing) if _spaced(one) in known)
            self.lost = self._allowed(things)
        return self.lost

    def open(self, measured: Sequence[Expectation], past: list[Weights], others: int) -> str:
        """Make the first change that was not tried and moves nothing measured; return it."""
        levers = {STEPS[one.measure][0] for one in measured if one.measure in STEPS}
        used = levers.union(self.weights, *past)
        left = [one for one in open_changes(read(self.brief)) if name_of(one)[0] not in used]
        left = self._allowed(left)
        opened = left[others % len(left)] if left else ""
        return opened if opened and self._change(opened) else ""

    def _allowed(self, phrases: Iterable[str]) -> list[str]:
        return each_once(one for one in phrases if not _is_avoided(one, self.avoid))

    def _change(self, correction: str) -> bool:
        """Strengthen a correction, or weaken its opposite, unless it is to be avoided."""
        if _is_avoided(correction, self.avoid):
            return False
        name, sign = name_of(correction)
        value = self.weights.get(name, 0.0) + sign * self.reach
        self.weights[name] = max(-STRONGEST, min(STRONGEST, value))
        return True


def _steps(
    expectations: Sequence[Expectation],
    attempts: Sequence[PastAttempt],
    past: list[Weights],
    best: int,
    strength: tuple[float, float],
) -> list[_Step]:
    """Return the corrections of what was measured, one for each lever."""
    steps: dict[str, _Step] = {}
    for one in sorted(expectations, key=lambda e: -e.weight):
        step = _step(one, attempts, past, best, strength)
        if step is not None:
            steps.setdefault(step.name, step)
    return list(steps.values())


def _spaced(text: str) -> str:
    return " ".join(text.split()).casefold()


def _weights(prompt: str, weights: Weights) -> Weights:
    """The corrections that a prompt states, less those of the brief itself."""
    reading = read(prompt)
    weighted = dict(reading.corrections)
    weighted |= {f"more:{value}": strength for value, strength in reading.more.items()}
    return {
        name: value - weights.get(name, 0.0)
        for name, value in weighted.items()
        if value != weights.get(name, 0.0)
    }


def _step(
    one: Expectation,
    attempts: Sequence[PastAttempt],
    past: list[Weights],
    best: int,
    strength: tuple[float, float],
) -> _Step | None:
    """Return the correction for one expectation; None if it is met or nothing can be done."""
    value = attempts[best].measurements.get(one.measure)
    if value is None or one.gap(value) == 0:
        return None
    name, usual = _lever(one, attempts[best].measurements)
    before = past[best].get(name, 0.0)
    slope = _slope(one.measure, name, usual, attempts, past)
    if slope is None:
        return None
    aim = one.low + INSIDE * min(one.high - one.low, one.tolerance * 2) if value < one.low else None
    aim = aim if aim is not None else one.high - INSIDE * min(one.high - one.low, one.tolerance * 2)
    boldness, reach = strength
    most = (BOLDEST_COLOUR if name.startswith("more:") else BOLDEST) * boldness
    change = max(-most, min(most, reach * (aim - value) / slope))
    if best != len(attempts) - 1:
        change *= 0.6
    after = max(-STRONGEST, min(STRONGEST, before + change))
    if abs(after - before) < 0.1:
        return None
    where = "below" if value < one.low else "above"
    why = f"{_label(one)} is {value:.2f}, {where} the expected {one.low:.2f} to {one.high:.2f}"
    return _Step(name, before, after, why)


def _lever(one: Expectation, measurements: dict[str, float]) -> tuple[str, float]:
    """The correction that moves a measure, and by how much a step of it does as a rule."""
    if one.measure.startswith("share:"):
        return f"more:{one.measure.removeprefix('share:')}", SHARE_STEP * one.low
    name, usual = STEPS[one.measure]
    if one.measure == "off_centre" and measurements.get("mass_x", 0.5) < 0.5:
        usual = -usual
    return name, usual


def _slope(
    measure: str, name: str, usual: float, attempts: Sequence[PastAttempt], past: list[Weights]
) -> float | None:
    """Return the effect of one step on the measure, from the last two attempts that differ in it.

    Returns:
        The change of the measure a step, or None if the correction was seen to do nothing, or
        the opposite of what it should.
    """
    for late in range(len(attempts) - 1, 0, -1):
        for early in range(late - 1, -1, -1):
            turned = past[late].get(name, 0.0) - past[early].get(name, 0.0)
            after, before = (attempts[at].measurements.get(measure) for at in (late, early))
            if abs(turned) < 0.1 or after is None or before is None:
                continue
            seen = (after - before) / turned
            if seen * usual <= 0 or abs(seen) < 0.12 * abs(usual):
                return None
            return max(0.3, min(3.0, seen / usual)) * usual
    return usual


def _colour_names(expectations: Sequence[Expectation]) -> dict[str, str]:
    return {
        one.measure.removeprefix("share:"): one.words[0].split()[0]
        for one in expectations
        if one.measure.startswith("share:")
    }


def _phrase(name: str, value: float, names: dict[str, str]) -> str:
    """A correction as it is written; empty if it is too weak to matter."""
    if abs(value) < 0.1:
        return ""
    if name.startswith("more:"):
        colour = name.removeprefix("more:")
        words = f"{'more' if value > 0 else 'less'} of {names.get(colour, colour)}"
    else:
        words = OPPOSITES[name][0 if value > 0 else 1]
    return f"({words}:{abs(value):.2f})"


def _plain(missing: Sequence[str]) -> list[str]:
    """Phrases of another judge, without anything that would be read as notation."""
    kept = [
        "".join(c if c.isalnum() or c in " -'" else " " for c in phrase)[:80]
        for phrase in missing[:6]
    ]
    return [" ".join(phrase.split()) for phrase in kept if phrase.strip()]


def _is_avoided(phrase: str, avoid: Sequence[str]) -> bool:
    """Return True if a phrase has one of some terms, whatever its letters' case."""
    return any(term.strip().casefold() in phrase.casefold() for term in avoid if term.strip())


def _label(one: Expectation) -> str:
    return (
        f"the share of {one.words[0]}"
        if one.measure.startswith("share:")
        else one.measure.replace("_", " ")
    )


def _reason(
    steps: list[_Step],
    attempts: Sequence[PastAttempt],
    best: int,
    heard: Sequence[str],
    opened: str,
) -> str:
    reasons: list[str] = []
    if best != len(attempts) - 1:
        last, top = attempts[-1].score, attempts[best].score
        reasons.append(
            f"Attempt {len(attempts)} scored {last:.0f}, below attempt {best + 1} with {top:.0f}: "
            "back to that one, with smaller steps."
        )
    if heard:
        reasons.append(f"What the evaluation calls missing is emphasised: {', '.join(heard)}.")
    elif not steps:
        reasons.append("Nothing measurable is left that a correction is known to improve.")
    if opened:
        reasons.append(f"To try, since the brief leaves it open: {opened}.")
    for step in steps:
        pair = OPPOSITES.get(step.name, ("more of the colour", "less of the colour"))
        words = pair[0 if step.after > step.before else 1]
        change = f"{step.before:+.1f} to {step.after:+.1f}"
        reasons.append(f"{step.why[0].upper()}{step.why[1:]}: {words} ({change}).")
    return " ".join(reasons)
