"""Offline refinement of a prompt: words against the problems of the takes before."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.recipes.sound_effect.judging import Problem
from engine.recipes.sound_effect.wishes import Wishes

_WORDS = {
    "silent": "loud and clear",
    "early_end": "continuing to the end",
    "late_start": "starting at once",
    "silent_channel": "centred in stereo",
    "inverted": "centred in stereo",
    "out_of_phase": "centred in stereo",
}
"""Words that are added to a prompt, by the name of a problem."""

_UNWANTED = {
    "clicks": "clicks, crackle",
    "clipped": "distortion, clipping",
    "over_full_scale": "distortion, clipping",
    "offset": "hum, rumble",
    "early_end": "silence",
    "late_start": "silence",
    "silent": "silence",
}
"""Words that are added to a negative prompt, likewise."""

MAX_CHARACTERS = 2000
"""Length at which a prompt grows no more."""


@dataclass(frozen=True, slots=True)
class RefinedPrompt:
    """A prompt after refinement.

    Attributes:
        prompt: Words for the sound.
        negative_prompt: Words for what is left out of it.
        changes: What was added, one sentence each; empty if there was nothing to add.
    """

    prompt: str
    negative_prompt: str
    changes: tuple[str, ...]


def refined(
    prompt: str, negative_prompt: str, problems: Sequence[Problem], wishes: Wishes
) -> RefinedPrompt:
    """Return a prompt with words against problems; its own words all stay, in their order.

    Words that it has already are not added again, so that it ends with the same prompt if the
    problems stay. Nothing is added for problems that words do not change, such as a length.

    Args:
        prompt: Words of the takes before.
        negative_prompt: Their negative prompt.
        problems: Problems of the best take.
        wishes: Wishes of the first prompt.
    """
    names = [problem.name for problem in problems]
    added = _new(prompt, [_asking(name, wishes) for name in names])
    unwanted = _new(negative_prompt, [_UNWANTED.get(name, "") for name in names])
    changes = [f"Added '{words}' to the prompt." for words in added]
    changes += [f"Added '{words}' to the negative prompt." for words in unwanted]
    return RefinedPrompt(
        prompt=_joined(prompt, added),
        negative_prompt=_joined(negative_prompt, unwanted),
        changes=tuple(changes),
    )


def _asking(name: str, wishes: Wishes) -> str:
    """Return words against a problem; empty if there are none."""
    if name == "pace" and wishes.pace is not None:
        return f"steady, {wishes.pace:.0f} steps per minute"
    if name == "count" and wishes.count is not None:
        return f"exactly {wishes.count}, clearly apart"
    return _WORDS.get(name, "")


def _new(text: str, phrases: Sequence[str]) -> list[str]:
    """Return phrases that a text does not have, once each, as long as they fit."""
    kept: list[str] = []
    for phrase in dict.fromkeys(filter(None, phrases)):
        length = len(_joined(text, [*kept, phrase]))
        if phrase.casefold() not in text.casefold() and length <= MAX_CHARACTERS:
            kept.append(phrase)
    return kept


def _joined(text: str, phrases: Sequence[str]) -> str:
    return ", ".join([*filter(None, [text.rstrip(" .,")]), *phrases]) if phrases else text
