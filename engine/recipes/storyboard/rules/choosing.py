"""The embedded Cinematographer's choices for a scene: one phrase for each element of a shot.

What the scene says itself is kept and never chosen again; what its notes or the film's brief say
comes next; then what the scene is about; and last the scene's place in the film, so that a film is
covered from wide to close. A phrase that would contradict what is given is not taken.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.imaging.measure.colour import from_hex, oklab
from engine.recipes.storyboard.film import Film, PlannedScene
from engine.recipes.storyboard.rules.branding import colour_name, colours_of, holds, is_colour
from engine.recipes.storyboard.rules.choices import choices
from engine.recipes.storyboard.rules.contradictions import contradictions
from engine.recipes.storyboard.rules.shotwords import ShotWords, read_shot
from engine.recipes.storyboard.rules.subjects import subject
from engine.recipes.storyboard.rules.terms import entries, terms_in, words_of
from engine.text.terminal import clean

LONGEST_SCENE = 4000
"""Characters of a scene, its notes and a brief that are read, and of a scene that are kept."""

LONGEST_MARKER = 200
"""Characters of one consistency marker or one wish of a brand that are repeated."""

CAMERA = ("size", "angle", "lens", "aperture", "movement")
LIGHT = ("quality", "source", "direction", "temperature")

TAKEN = (*CAMERA, *LIGHT, "time", "composition")
"""The elements that say how an image is taken and lit, and may contradict what is given."""

GIVEN = ("markers", "use")
"""Phrases of the operator, word for word; everything else gives way to them."""

WARM = 0.03
"""Mean warmth in OKLab from which on a brand's colours as a whole are warm, or cool below its
negative."""

Phrases = dict[str, str]
"""Phrase for each element of a shot; only those that are needed."""


@dataclass(frozen=True, slots=True)
class ShotFacts:
    """Facts known before anything is chosen.

    Attributes:
        text: The scene's own words.
        scene: The same, as read.
        notes: Its notes, as read.
        brief: The brief of the film, as read.
        forbidden: What the brand avoids, the words of each.
        barred: What the brand avoids, as entries of the vocabulary.
    """

    text: str
    scene: ShotWords
    notes: ShotWords
    brief: ShotWords
    forbidden: tuple[tuple[str, ...], ...]
    barred: frozenset[str]

    def named(self, family: str) -> str | None:
        """The entry of a family that the notes give, or else the brief.

        A brief that names several hours begins at the first; of anything else it has to name one
        only, for several are said of several scenes.
        """
        noted = self.notes.found.get(family, [])
        if noted:
            return noted[0]
        phrases = self.brief.found.get(family, [])
        return phrases[0] if phrases and (len(phrases) == 1 or family == "time") else None


def choose(film: Film, scene: PlannedScene, number: int, total: int) -> Phrases:
    """Choose a phrase for each element that the scene leaves open.

    Args:
        film: What all scenes have in common.
        scene: The scene.
        number: Which it is, from 1.
        total: How many there are.
    """
    text = scene.prompt[:LONGEST_SCENE]
    facts = ShotFacts(
        text=text,
        scene=read_shot(text),
        notes=read_shot(scene.notes[:LONGEST_SCENE]),
        brief=read_shot(film.brief[:LONGEST_SCENE], *map(_short, film.consistency)),
        forbidden=tuple(words for one in film.brand.avoid if (words := words_of(one))),
        barred=_entries(film.brand.avoid),
    )
    size = _size(facts, number, total)
    light = _lighting(facts, film)
    wanted = {
        **_camera(facts, size, number),
        **_light(facts, light, film),
        **_rest(facts, film, light),
    }
    return _fitting(wanted, facts)


def _entries(texts: Iterable[str]) -> frozenset[str]:
    """The ways to take and to light an image that texts name, as full names."""
    read = [read_shot(text) for text in texts]
    return frozenset(
        f"{family}.{name}" for one in read for family in TAKEN for name in one.found.get(family, ())
    )


def _fitting(wanted: Phrases, facts: ShotFacts) -> Phrases:
    """Elements that the scene leaves open, unless they contradict the input or the brand."""
    kept = {name: wanted[name] for name in GIVEN if wanted.get(name)}
    already = set(contradictions(read_shot(facts.text, *kept.values())))
    for family, phrase in wanted.items():
        if facts.scene.has(family) or not phrase or family in kept:
            continue
        if _forbidden(family, phrase, facts):
            continue
        readings = [_as_read(name, text) for name, text in {**kept, family: phrase}.items()]
        if family in TAKEN and set(contradictions(read_shot(facts.text, *readings))) - already:
            continue
        kept[family] = phrase
    return {name: kept[name] for name in wanted if name in kept}


def _as_read(family: str, phrase: str) -> str:
    """A phrase with the words around it that the finished prompt has, so that it reads alike."""
    return f"{phrase} key light" if family in LIGHT else phrase


def _forbidden(family: str, phrase: str, facts: ShotFacts) -> bool:
    reading = read_shot(_as_read(family, phrase))
    if not facts.barred.isdisjoint(f"{family}.{name}" for name in reading.found.get(family, ())):
        return True
    return any(holds(reading, " ".join(words)) for words in facts.forbidden)


def _size(facts: ShotFacts, number: int, total: int) -> str:
    """The shot size: named, or asked for by a lens, by the content, by the place in the film."""
    sizes: Mapping[str, Mapping[str, Any]] = choices()["size"]
    named = facts.scene.found.get("size") or facts.notes.found.get("size")
    if named:
        return named[0]
    if "lens" in facts.scene.exact:
        focal = facts.scene.numbers["lens"][0][0]
        return min(sizes, key=lambda name: abs(sizes[name]["lens"] / focal - 1))
    order = choices()["order"]
    words = _about(facts.scene)
    if total == 1:
        return _by_content("content", words) or str(order["only"])
    if number == 1:
        return str(order["first"])
    if number == total:
        return str(order["last"])
    between: list[str] = order["between"]
    return _by_content("content", words) or between[(number - 2) % len(between)]


def _about(scene: ShotWords) -> set[str]:
    """Words of a scene before the first place: its subject without the location."""
    small = choices()["words"]
    for clause in scene.clauses:
        ends = (at for at, word in enumerate(clause) if word in small["places"])
        head = set(clause[: next(ends, len(clause))]).difference(small["function"])
        if head:
            return head
    return set()


def _by_content(kind: str, words: Iterable[str]) -> str:
    known = set(words)
    rows: Mapping[str, Mapping[str, list[str]]] = choices()[kind]
    return next((name for name, row in rows.items() if not known.isdisjoint(row["words"])), "")


def _camera(facts: ShotFacts, size: str, number: int) -> Phrases:
    row = choices()["size"][size]
    turn = number - 1
    angle = facts.named("angle") or row["angles"][turn % len(row["angles"])]
    composition = facts.named("composition") or _turned(row["compositions"], turn)
    motion = facts.named("movement") or _by_content("motion", facts.scene.words)
    return {
        "size": _write("size", size),
        "angle": _write("angle", angle),
        "lens": f"{_noted_number(facts, 'lens') or row['lens']:g} mm lens",
        "aperture": row["stop"],
        "movement": _write("movement", motion),
        "composition": _write("composition", composition),
    }


def _turned(names: list[str], turn: int) -> str:
    return names[turn % len(names)]


def _noted_number(facts: ShotFacts, family: str) -> float | None:
    return facts.notes.numbers[family][0][0] if family in facts.notes.exact else None


def _write(family: str, name: str) -> str:
    entry = entries().get(f"{family}.{name}")
    return entry.write if entry else ""


def _lighting(facts: ShotFacts, film: Film) -> dict[str, Any]:
    """The lighting: by the source or the time that is given, by the words, by the brand's tint."""
    every: list[dict[str, Any]] = choices()["lighting"]
    rows = [row for row in every if _is_open(row, facts)] or every
    source = next(iter(facts.scene.found.get("source", [])), None) or facts.named("source")
    times = set(facts.scene.found.get("time", [])) or {facts.named("time")} - {None}
    if source:
        fitting = [row for row in rows if row["source"] == source] or rows
        return next((row for row in fitting if times & set(row["times"])), fitting[0])
    fitting = [row for row in rows if not times or times & set(row["times"])] or rows
    for words in (facts.scene.words, facts.notes.words, facts.brief.words):
        for row in fitting:
            if not words.isdisjoint(row["words"]):
                return row
    plain = [row for row in fitting if not row["words"]] or fitting
    tint = _tint(film.brand.colours or tuple(colours_of(facts.scene).values()))
    return next((row for row in plain if row.get("tint") == tint), plain[0])


def _is_open(row: dict[str, Any], facts: ShotFacts) -> bool:
    """Return True if a lighting may be chosen: not avoided, and no indoor light outdoors."""
    if row.get("indoors", False) and facts.scene.found.get("setting") == ["outside"]:
        return False
    return facts.barred.isdisjoint((f"source.{row['source']}", f"quality.{row['quality']}"))


def _tint(colours: tuple[str, ...]) -> str:
    """Return `warm`, `cool` or `neutral` for a brand's colours, from azure to orange."""
    known = [from_hex(one) for one in colours if is_colour(one)]
    if not known:
        return "neutral"
    lab = oklab(np.array(known))
    warmth = float((lab[:, 1] * 0.5 + lab[:, 2] * 0.866).mean())
    return "warm" if warmth > WARM else "cool" if warmth < -WARM else "neutral"


def _light(facts: ShotFacts, row: dict[str, Any], film: Film) -> Phrases:
    """The light as phrases; the key stays on one side throughout a film."""
    side = ("left", "right")[zlib.crc32(film.brief.encode("utf-8", "replace")) % 2]
    time = facts.named("time") or next(iter(row["times"]), "")
    kelvin = row["kelvin"]
    tint = "warm " if kelvin <= 3500 else "cool " if kelvin >= 7000 else ""
    return {
        "time": _write("time", time),
        "source": _write("source", facts.named("source") or row["source"]),
        "quality": _write("quality", row["quality"]),
        "direction": _write("direction", side),
        "temperature": f"{tint}{kelvin} K",
    }


def _rest(facts: ShotFacts, film: Film, row: dict[str, Any]) -> Phrases:
    brand = film.brand
    same = film.consistency or (subject(film.brief),)
    markers = [one for one in map(_short, same) if one and not holds(facts.scene, one)]
    use = [
        one for one in map(_short, brand.use) if one and not set(words_of(one)) <= facts.scene.words
    ]
    return {
        "setting": _setting(facts),
        "material": _by_content("surface", facts.scene.words) or _write("material", "surface"),
        "markers": "; ".join(markers),
        "use": ", ".join(use),
        "colour": _palette(facts, brand.colours, row),
        "finish": _write("finish", "grade"),
    }


def _short(text: str) -> str:
    return clean(text, LONGEST_MARKER).strip(" ,;.")


def _setting(facts: ShotFacts) -> str:
    """The place that the notes or the brief name, in their word; otherwise a plain one."""
    for text in (facts.notes, facts.brief):
        place = _place(text)
        if place:
            return place
    for words in (facts.scene.words, facts.brief.words):
        where = _by_content("place", words)
        if where:
            return _write("setting", where)
    return _write("setting", "plain")


def _place(text: ShotWords) -> str:
    """The first place that a text names, in its word; empty for none."""
    for clause in text.affirmed:
        for words, term in terms_in(clause):
            if term.family == "setting":
                return " ".join(words)
    return ""


def _palette(facts: ShotFacts, colours: tuple[str, ...], row: dict[str, Any]) -> str:
    """The brand's colours by name and number, or those of the light if it names none."""
    asked = [one for one in colours if is_colour(one)][:6]
    if asked:
        return " and ".join(f"{colour_name(one)} {one.lower()}" for one in asked)
    return "" if colours_of(facts.scene) else " and ".join(row["palette"])
