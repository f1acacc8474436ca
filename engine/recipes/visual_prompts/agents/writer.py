"""The writer: describes one image for a piece of music."""

import json
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from engine.audio.features import Features
from engine.contract.agent import Agent, Rule
from engine.contract.backend import Artifact, Request
from engine.contract.chat.answers import Answer, CleanText, SampledResult
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.contract.data import PromptVersion
from engine.recipes.visual_prompts.checks import MAX_CHARACTERS, cleaned
from engine.recipes.visual_prompts.rules.writer import write_by_rule

Mode = Literal["convergent", "divergent"]

MAX_NOTATION = 6000
"""Characters of notation that are sent, whole lines."""

MAX_SECTIONS = 12
MAX_CHORDS = 48


class VisualPromptRequest(Request):
    """Request for one prompt.

    Attributes:
        features: Features of the music.
        abc: Its melody in ABC notation; empty if it has none.
        mode: `convergent` for the expected scene, `divergent` for an unexpected one.
        temperature: Temperature of the reply.
        number: Number of the prompt within its sample, from 0.
        seed: Source of the offline rule's randomness.
        previous: Prompts of the sample so far.
        draft: Prompt that has to be written again; empty for a new one.
        problems: Problems of the draft, one sentence each.
        sound: The sound itself, for models that hear.
    """

    features: Features
    abc: str = ""
    mode: Mode
    temperature: float = Field(ge=0, le=2)
    number: int = Field(ge=0)
    seed: int = 0
    previous: tuple[str, ...] = ()
    draft: str = ""
    problems: tuple[str, ...] = ()
    sound: Artifact | None = None


class VisualPrompt(SampledResult):
    """A prompt that was written for music.

    Attributes:
        visual_prompt: The prompt.
        author: Backend, model and version.
    """

    kind: ClassVar[str] = "prompt"

    visual_prompt: str = Field(min_length=1)
    author: str

    def prompts(self) -> list[PromptVersion]:
        """Return the prompt as a version of its own."""
        return [PromptVersion(text=self.visual_prompt, author=self.author)]


class VisualPromptAnswer(Answer):
    """Answer of a model."""

    visual_prompt: Annotated[CleanText, Field(min_length=1, max_length=MAX_CHARACTERS)]


def message(request: VisualPromptRequest) -> str:
    """Return mode, features and notation, then what was written before."""
    blocks = [
        f"MODE: {request.mode}",
        fence("FEATURES", _as_json(described(request.features))),
    ]
    if request.sound is not None:
        blocks.insert(1, "SOUND: attached. Of a long piece it is the middle.")
    if request.abc:
        blocks.append(fence("ABC", _first_lines(request.abc)))
    if request.previous:
        blocks.append(fence("PREVIOUS", _as_json(list(request.previous))))
    if request.draft:
        blocks.append(fence("DRAFT", request.draft))
        blocks.append(fence("PROBLEMS", _as_json(list(request.problems))))
    return "\n\n".join(blocks)


def described(features: Features) -> dict[str, Any]:
    """Return the features without long series, rounded as a reader needs them.

    Features that are not defined are left out.
    """
    parts: dict[str, Any] = {
        "seconds": round(features.seconds, 1),
        "key": features.key and features.key.name,
        "key_confidence": features.key and round(features.key.confidence, 2),
        **_of_rhythm(features),
        **_of_melody(features),
        "chords": _of_chords(features),
        **_of_level(features),
        "sections": features.sections and [one.label for one in features.sections[:MAX_SECTIONS]],
        "mood": features.mood and features.mood.label,
        "valence": features.mood and round(features.mood.valence, 2),
        "arousal": features.mood and round(features.mood.arousal, 2),
    }
    return {name: value for name, value in parts.items() if value is not None}


def _of_rhythm(features: Features) -> dict[str, Any]:
    rhythm = features.rhythm
    if rhythm is None:
        return {}
    return {"tempo_bpm": round(rhythm.tempo.bpm), "metre": rhythm.metre}


def _of_melody(features: Features) -> dict[str, Any]:
    melody = features.melody
    if melody is None:
        return {}
    return {
        "melody_contour": melody.contour,
        "melody_range_semitones": melody.highest - melody.lowest,
        "melody_notes_a_second": round(melody.density, 1),
    }


def _of_chords(features: Features) -> list[str] | None:
    if features.chords is None:
        return None
    return [one.label for one in features.chords if one.label != "N"][:MAX_CHORDS]


def _of_level(features: Features) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if features.dynamics is not None:
        found["level_db"] = round(features.dynamics.rms_db, 1)
        found["dynamic_range_db"] = round(features.dynamics.range_db, 1)
        found["level_trend"] = features.dynamics.trend
    if features.timbre is not None:
        found["brightness"] = round(features.timbre.brightness, 2)
        found["percussive"] = round(features.timbre.percussive, 2)
    return found


def _first_lines(abc: str) -> str:
    if len(abc) <= MAX_NOTATION:
        return abc
    return abc[:MAX_NOTATION].rpartition("\n")[0]


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _finish(answer: VisualPromptAnswer, _request: VisualPromptRequest, author: str) -> VisualPrompt:
    return VisualPrompt(
        visual_prompt=cleaned(answer.visual_prompt) or answer.visual_prompt, author=author
    )


WRITER = Agent(
    id="write_visual_prompt",
    prompt=prompt_beside(__file__),
    request=VisualPromptRequest,
    result=VisualPrompt,
    message=message,
    answer=VisualPromptAnswer,
    finish=_finish,
    rule=Rule(write_by_rule, name="visual-writer"),
    temperature=lambda request: request.temperature,
)
"""Writes one prompt of a sample."""

LISTENER = replace(
    WRITER,
    id="write_visual_prompt_by_ear",
    rule=None,
    sounds=lambda request: () if request.sound is None else (request.sound,),
)
"""Writes one prompt of a sample that it also hears; it needs a model that takes sounds."""


def writer_for(*, listening: bool) -> Agent[VisualPromptRequest, VisualPrompt]:
    """Return the agent that writes prompts."""
    return LISTENER if listening else WRITER
