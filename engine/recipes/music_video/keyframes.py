"""The keyframes of a film: how many of which section, their prompts, and which follow which."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from engine.contract.backend import FrozenModel
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.rules.directing import VIEWS
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.spec import GlobalStyle

Role = Literal["view", "hero", "shift", "repeat", "borrowed"]

FEWEST = 4
"""Views of a film that has few sections, if they are long enough."""

SHORT_SECONDS = 10.0
"""Length of a section below which one image is enough."""

MODIFIERS, ELEMENTS = 4, 5
"""Words for the style and things of a section that a prompt has, at most."""

_PRIORITIES: dict[Role, int] = {"view": 0, "hero": 1, "shift": 3, "repeat": 4}
_USUAL = {"auto": "section"}
"""Image that a keyframe follows by default."""

_SECOND_VIEW = 2
_HERO_VIEW = "the climax, dramatic light, close view, centred"


class Keyframe(FrozenModel):
    """An image to generate.

    Attributes:
        section: Index of its section.
        view: Its number within the section, from 1.
        role: Use: a view of the section, the hero at the climax, after a shift of mood, a view of
            a section that repeats another, or one that it borrows from there.
        at: Time in seconds from which it can be shown.
        prompt: Its prompt.
        simpler: A shorter prompt, if that one is refused.
        palette: Colours.
        seed: Seed of its first candidate.
        follows: Key of the image that it follows; empty for none.
        laid_out_by: Key of the image whose layout it has; empty for none.
    """

    section: int
    view: int
    role: Role
    at: float
    prompt: str
    simpler: str
    palette: tuple[str, ...]
    seed: int
    follows: str = ""
    laid_out_by: str = ""

    @property
    def key(self) -> str:
        """Scope of its steps."""
        return key_of(self.section, self.view)


def key_of(section: int, view: int) -> str:
    """Return the scope of the steps of an image."""
    return f"section-{section + 1}/image-{view}"


def plan_keyframes(
    sections: Sequence[FilmSection],
    style: GlobalStyle,
    settings: MusicVideoSettings,
    climax: float,
    seed_for: Callable[[int], int],
) -> tuple[Keyframe, ...]:
    """Return the keyframes of a film in order.

    A new section has one or two views, one that repeats another a view of its own, in its own
    light; there is one more after a shift of mood, and a hero at the climax. If there are more than
    the settings allow, those of repeats go first, then those after shifts, then second views.

    Args:
        sections: The sections.
        style: Style of the whole.
        settings: The settings.
        climax: Time of the climax in seconds.
        seed_for: Returns the seed of a number.
    """
    fewest = min(4, math.ceil(FEWEST / max(1, len({one.first for one in sections}))))
    wanted = [
        (_rank(role, view), section.index, view, role, at)
        for section in sections
        if section.source != "procedural"
        for view, (role, at) in enumerate(_roles(section, settings, climax, fewest), 1)
    ]
    kept = sorted(sorted(wanted)[: settings.max_keyframes], key=lambda one: one[1:3])
    frames: list[Keyframe] = []
    for _, index, view, role, at in kept:
        section = sections[index]
        frame = Keyframe(
            section=index,
            view=view,
            role=role,
            at=at,
            prompt=prompt_of(section, view, role, style, settings),
            simpler=simple_prompt(section, style),
            palette=section.spec.color_palette,
            seed=(seed_for(section.first) + 101 * (index - section.first) + view - 1) % 2**63,
            follows=_key_of(frames, section, _USUAL.get(settings.reference, settings.reference)),
            laid_out_by=_key_of(frames, section, settings.control),
        )
        frames.append(frame)
    return tuple(frames)


def _rank(role: Role, view: int) -> int:
    return _SECOND_VIEW if role == "view" and view > 1 else _PRIORITIES[role]


def _roles(
    section: FilmSection, settings: MusicVideoSettings, climax: float, fewest: int
) -> list[tuple[Role, float]]:
    """Return the use of each image of a section, and the time from which it can be shown."""
    start, end = section.spec.start_time, section.spec.end_time
    views = 1 if section.seconds < SHORT_SECONDS else max(settings.keyframes, fewest)
    roles: list[tuple[Role, float]] = (
        [("repeat", start)] if section.is_repeat else [("view", start)] * views
    )
    if start <= climax < end:
        roles.append(("hero", climax))
    elif shift := next((t for t in section.song.shifts if start < t < end), None):
        roles.append(("shift", shift))
    return roles


def prompt_of(
    section: FilmSection, view: int, role: Role, style: GlobalStyle, settings: MusicVideoSettings
) -> str:
    """Return the prompt of an image: its section's words, the style, the colours, the quality."""
    parts = [
        _subject(section, view, role),
        style.shader_description,
        *style.style_modifiers[:MODIFIERS],
        "color palette: " + ", ".join(section.spec.color_palette),
        settings.quality_words,
    ]
    return ", ".join(filter(None, parts))


def _subject(section: FilmSection, view: int, role: Role) -> str:
    spec = section.spec
    prompts = (spec.ai_prompt or spec.theme, *spec.keyframe_prompts)
    if role == "hero":
        return f"{prompts[0]}, {_HERO_VIEW}"
    if view <= len(prompts):
        return prompts[view - 1]
    elements = spec.visual_elements[:ELEMENTS]
    element = elements[view % len(elements)] if elements else ""
    return ", ".join(filter(None, [prompts[0], element, VIEWS[(view - 1) % len(VIEWS)]]))


def simple_prompt(section: FilmSection, style: GlobalStyle) -> str:
    """Return few and harmless words for an image."""
    words = section.spec.theme or section.spec.label.replace("_", " ")
    return ", ".join(filter(None, [words, style.template or "cinematic"]))


def _key_of(earlier: Sequence[Keyframe], section: FilmSection, which: str) -> str:
    """Return the key of the earlier image that a word names; empty if there is none."""
    if which == "previous":
        return earlier[-1].key if earlier else ""
    if which == "section":
        return next((one.key for one in earlier if one.section == section.first), "")
    return ""
