"""Offline direction of a film: places by the form of a song, the rest by energy and mood."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from random import Random
from typing import Any

from engine.imaging.vocabulary.lexicon import lookup
from engine.recipes.music_video.direction import DirectRequest, SongSection
from engine.recipes.music_video.templates import DEFAULT_TEMPLATE, TEMPLATES, Template
from engine.recipes.music_video.vocabulary import DEFAULT_PALETTE

VIEWS = ("wide view", "close view, the subject on the left", "low horizon", "close view, centred")
"""Views of the images of one section, in their order."""

_CALM, _INTENSE = 0.35, 0.7
_GENTLE = frozenset({"calm", "serene", "sad", "gloomy", "pleasant"})
"""Moods whose weather is never wild: energy is relative to the song, and moods are not."""

_COLD = ("night", "moon", "dusk", "dawn", "aurora", "neon", "fog")
_RISE = 0.15


def directed(request: DirectRequest) -> dict[str, Any]:
    """Return the fields of a plan, without its author.

    A section that repeats another one has its place, in the light of its own time. The climax and
    the sections like it have the first place.
    """
    style = _filled(request.style)
    places = _places(request, style)
    return {
        "style": ", ".join(filter(None, [style.style, request.words])),
        "modifiers": list(style.modifiers),
        "motifs": list(style.motifs),
        "sections": [
            _section(request, style, section, places[section.index]) for section in request.sections
        ],
    }


def _filled(style: Template) -> Template:
    """Return a template with the default's lists in place of those it leaves empty."""
    spare = TEMPLATES[DEFAULT_TEMPLATE]
    names = ("scenes", "lights", "palettes", "motifs")
    return style.model_copy(
        update={name: getattr(spare, name) for name in names if not getattr(style, name)}
    )


def _places(request: DirectRequest, style: Template) -> dict[int, str]:
    """Return the place of each section by its index.

    The first few sections that sound alike share a place; where there are many, each further pair
    has another one.
    """
    climax = next((one for one in request.sections if one.is_climax), None)
    hero, *others = _scenes(request, style)
    Random(request.seed).shuffle(others)  # noqa: S311
    rest = cycle(others or [hero])
    counts: Counter[int] = Counter()
    groups: dict[int, tuple[int, int]] = {}
    for section in request.sections:
        first = _origin(section, request.sections)
        groups[section.index] = first, max(0, counts[first] - 1) // 2
        counts[first] += 1
    of_group = {} if climax is None else {groups[climax.index]: hero}
    for section in request.sections:
        if groups[section.index] not in of_group:
            of_group[groups[section.index]] = next(rest)
    return {index: of_group[group] for index, group in groups.items()}


def _origin(section: SongSection, sections: Sequence[SongSection]) -> int:
    """Return the index of the first section of those that a section is like."""
    seen: set[int] = set()
    while section.repeat_of is not None and section.index not in seen:
        seen.add(section.index)
        section = sections[section.repeat_of]
    return section.index


def _scenes(request: DirectRequest, style: Template) -> list[str]:
    """Return places: those of the brief, of the title, then of the template."""
    wishes = [part.strip() for part in _clauses(request.brief)]
    named = [f"a {word}" for word in _subjects(request.title)]
    return list(dict.fromkeys([*wishes, *named, *style.scenes]))[: max(8, len(wishes))]


def _clauses(text: str) -> Iterator[str]:
    """Yield the sentences of a brief."""
    for line in text.replace(";", ".").replace("\n", ".").split("."):
        if line.strip():
            yield line.strip()[:300]


def _subjects(text: str) -> list[str]:
    """Return the words of a text that name something that can be painted, once each."""
    words = ["".join(filter(str.isalpha, word)).lower() for word in text.split()]
    terms = ((word, lookup((word,))) for word in words if word)
    return list(dict.fromkeys(word for word, term in terms if term and term.family == "subject"))


def _section(
    request: DirectRequest, style: Template, section: SongSection, place: str
) -> dict[str, Any]:
    sung = list(islice(_subjects(section.lyrics), 2))
    motifs = _turned(style.motifs, section.index)
    light = _light(style, section, request.seconds)
    around = ", ".join(filter(None, [light, _weather(section), _mood_words(section)]))
    subjects = [place, *(f"a {word}" for word in sung), *motifs]
    views = islice(cycle(VIEWS), request.keyframes)
    return {
        "theme": place,
        "mood": ", ".join(filter(None, [section.mood, _energy_word(section.energy)])),
        "palette": _palette(style, section, light),
        "motion": _motion(style, section),
        "transition": _transition(request.sections, section),
        "intensity": round(0.25 + 0.75 * section.energy, 2),
        "visual": style.visual,
        "elements": [*sung, *motifs][:5],
        "prompts": [
            f"{subject}, {around}, {view}"
            for subject, view in zip(islice(cycle(subjects), request.keyframes), views, strict=True)
        ],
    }


def _turned(words: Sequence[str], by: int) -> list[str]:
    start = by % len(words) if words else 0
    return [*words[start:], *words[:start]]


def _light(style: Template, section: SongSection, seconds: float) -> str:
    middle = (section.start + section.end) / 2 / max(seconds, 1e-9)
    return style.lights[min(len(style.lights) - 1, int(middle * len(style.lights)))]


def _weather(section: SongSection) -> str:
    if section.mood in _GENTLE:
        return "fog" if section.valence < -0.3 and section.energy < _CALM else ""
    if section.energy >= _INTENSE:
        return "storm" if section.valence < 0 else "wind"
    if section.energy >= _CALM:
        return "rain" if section.valence < -0.4 else ""
    return "fog" if section.valence < 0 else "clear"


def _mood_words(section: SongSection) -> str:
    if section.mood in _GENTLE:
        return "melancholic, dramatic light" if section.valence < -0.2 else "calm, warm"
    if section.is_climax or section.energy >= _INTENSE:
        return "dramatic" if section.valence < 0 else "vivid, dramatic"
    if section.energy >= _CALM:
        return "melancholic" if section.valence < -0.3 else "warm" if section.valence > 0.3 else ""
    return "mysterious" if section.valence < 0 else "calm"


def _energy_word(energy: float) -> str:
    return "calm" if energy < _CALM else "intense" if energy >= _INTENSE else "moving"


def _palette(style: Template, section: SongSection, light: str) -> list[str]:
    """Return the palette of a section: by its energy, a calmer one in a cold light."""
    palettes = style.palettes or (DEFAULT_PALETTE,)
    level = 1.0 if section.is_climax else section.energy
    index = min(len(palettes) - 1, int(level * len(palettes)))
    is_cold = any(word in light for word in _COLD) and not section.is_climax
    return list(palettes[max(0, index - is_cold)])


def _motion(style: Template, section: SongSection) -> str:
    if section.is_climax:
        return "energetic"
    if section.energy < 0.25:
        return "slow-drift"
    if section.energy < 0.4:
        return "breathing"
    if section.energy < 0.6:
        return style.motion
    return "pulse" if section.energy < 0.8 else "energetic"


def _transition(sections: Sequence[SongSection], section: SongSection) -> str:
    if section.index == 0:
        return "fade-from-black"
    rise = section.energy - sections[section.index - 1].energy
    if section.is_climax and rise > 0:
        return "flash-white"
    if rise >= _RISE:
        return "zoom-in" if section.index % 2 else "flash-white"
    if rise <= -_RISE:
        return "zoom-out" if section.energy >= _CALM else "cross-dissolve"
    return "morph" if section.energy < _CALM else "cross-dissolve"
