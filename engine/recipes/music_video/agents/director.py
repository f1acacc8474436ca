"""The director: plans the style of a film, and the images and the motion of each section."""

import json
from typing import Any

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.chat.prompt_files import fence, prompt_beside
from engine.recipes.music_video.direction import (
    Direction,
    DirectorAnswer,
    DirectRequest,
    SongSection,
)

MAX_WORDS = 600
"""Characters of the lyrics of one section that are shown, at most."""


def message(request: DirectRequest) -> str:
    """Return the wishes, the style, the song and its sections, each in a fence."""
    song = {
        "title": request.title,
        "artist": request.artist,
        "seconds": round(request.seconds, 1),
        "bpm": request.bpm and round(request.bpm),
        "key": request.key,
    }
    style = request.style.model_dump(mode="json") | {"words": request.words}
    blocks = [
        fence("STYLE", _as_json(style)),
        fence("SONG", _as_json({name: value for name, value in song.items() if value})),
        f"KEYFRAMES: {request.keyframes}",
        fence("SECTIONS", _as_json([_shown(section) for section in request.sections])),
    ]
    if request.brief:
        blocks.insert(0, fence("WISHES", request.brief))
    return "\n\n".join(blocks)


def _shown(section: SongSection) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "index": section.index,
        "label": section.label,
        "start": round(section.start, 1),
        "end": round(section.end, 1),
        "energy": round(section.energy, 2),
        "valence": round(section.valence, 2),
        "mood": section.mood,
        "repeats": section.repeat_of,
        "climax": section.is_climax or None,
        "lyrics": section.lyrics[:MAX_WORDS],
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a plan from the style, the brief and the course of the song."""
    from engine.recipes.music_video.rules.directing import directed

    request = DirectRequest.model_validate(inputs.request)
    return directed(request) | {"author": inputs.author}


def _finish(answer: DirectorAnswer, request: DirectRequest, author: str) -> Direction:
    from engine.recipes.music_video.rules.mending import mended

    return Direction.model_validate(mended(answer, request) | {"author": author})


DIRECTOR = Agent(
    id="direct_music_video",
    prompt=prompt_beside(__file__),
    request=DirectRequest,
    result=Direction,
    message=message,
    answer=DirectorAnswer,
    finish=_finish,
    rule=Rule(by_rule, name="film-director"),
    temperature=lambda _request: 0.7,
)
"""Plans a film."""
