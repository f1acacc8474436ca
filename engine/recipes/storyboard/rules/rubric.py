"""Judges a shot's prompt by a rubric: the embedded Prompt Engineer.

What counts is which *elements* of a shot are there, by the vocabulary of `shots.toml`; never how
many words there are. Hence a missing element that is added raises the criteria it belongs to, and
no stuffing, no repetition and no second, contradicting camera or light raises any. A camera (or a
light) that contradicts itself, or what the scene asks for, counts as none given. `docs/builtin.md`
has the rubric in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from engine.recipes.storyboard.film import CRITERIA, Film, PlannedScene
from engine.recipes.storyboard.rules.branding import BrandRequirements, wishes
from engine.recipes.storyboard.rules.choices import choices
from engine.recipes.storyboard.rules.contradictions import contradictions
from engine.recipes.storyboard.rules.shotwords import ShotWords, read_shot
from engine.recipes.storyboard.rules.terms import Phrase, table, words_of

WEIGHTS: dict[str, dict[str, float]] = {
    "completeness": {
        "subject": 30, "setting": 14, "time": 14, "size": 14, "source": 14, "composition": 14,
    },
    "specificity": {
        "lens": 20, "aperture": 15, "temperature": 20, "direction": 15, "material": 15,
        "colour": 15,
    },
    "professionalism": {
        "subject": 30, "camera": 15, "optics": 15, "light": 15, "framing": 15, "finish": 10,
    },
    "cinematography": {
        "size": 15, "angle": 15, "lens": 15, "aperture": 10, "source": 10, "direction": 10,
        "quality": 5, "temperature": 10, "composition": 10,
    },
}  # fmt: skip
"""Points of every element, 100 in each criterion; `brand_alignment` goes by what is asked."""

DEPARTMENTS: dict[str, tuple[str, ...]] = {
    "camera": ("size", "angle"),
    "optics": ("lens", "aperture"),
    "light": ("role", "direction", "quality", "temperature"),
    "framing": ("composition",),
    "finish": ("finish",),
}
"""Professionalism: departments, and the families of which one term shows that it was thought of."""

EXACT = ("lens", "aperture", "temperature")
"""Elements that count for specificity only as a number."""

FAULTS = {"praise": 0.08, "steering": 0.25, "repeats": 0.04, "idle": 0.04, "contradictions": 0.25}
"""Weight of each fault; professionalism is divided by one plus their sum."""

IDLE_FREE = 8
"""Number of harmless clauses without any element: some scenes need a few."""

AVOIDED = 0.6
"""Factor on the brand's score for each excluded thing that the prompt shows."""

MAX_SUGGESTIONS = 3
"""Suggestions of one review; the rest waits for the next."""


class RubricReview(BaseModel):
    """The rubric's findings; a `ShotReview` without the overall score and the scorer."""

    scores: tuple[float, ...]
    critique: str
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PromptContents:
    """Contents of a prompt, as the rubric counts them.

    Attributes:
        present: Part of each element that is there, 0..1.
        faults: How many of each of `FAULTS`.
        opposed: Families in which the prompt contradicts itself or the scene.
        wishes: What the brand asks for, and what of it is there.
        reading: The reading itself.
    """

    present: dict[str, float]
    faults: dict[str, int]
    opposed: list[str]
    wishes: BrandRequirements
    reading: ShotWords


def judge(
    film: Film, scene: PlannedScene, prompt: str, weights: Sequence[float] = (1.0,) * 5
) -> RubricReview:
    """Score a prompt by the five criteria.

    Args:
        film: What all scenes have in common.
        scene: The scene as it was asked for; a prompt must not contradict its camera or light.
        prompt: The prompt; text from outside, only ever looked up word by word.
        weights: Weights of the criteria: by them the suggestions are put in order.

    Returns:
        Five scores of 0 to 100 in the order of `CRITERIA`, a critique and suggestions, the one
        that gains most first.
    """
    contents = look(film, scene, prompt)
    scores = scored(contents)
    return RubricReview(
        scores=tuple(scores[name] for name in CRITERIA),
        critique=_critique(contents, scores),
        suggestions=tuple(_suggestions(contents, weights)[:MAX_SUGGESTIONS]),
    )


def look(film: Film, scene: PlannedScene, prompt: str) -> PromptContents:
    """Find the elements and the faults of a prompt."""
    reading = read_shot(prompt)
    opposed = contradictions(read_shot(scene.prompt, prompt))
    asked = wishes(film, reading)
    void = _void(opposed)
    present = {
        name: float(reading.has(name) and name not in void)
        for name in table()["family"]
        if name not in ("colour", "movement")
    }
    present["role"] = float(reading.has("role") and "direction" not in void)
    present["colour"] = float(asked.names_a_colour)
    present["subject"] = _kept(film, scene, reading)
    for department, families in DEPARTMENTS.items():
        present[department] = max(present[family] for family in families)
    for name in EXACT:
        present[f"exact {name}"] = present[name] * (name in reading.exact)
    faults = {
        "praise": len(reading.noise),
        "steering": len(reading.steering),
        "repeats": reading.repeats,
        "idle": max(0, _idle(scene, reading, asked) - IDLE_FREE),
        "contradictions": len(opposed),
    }
    return PromptContents(present, faults, opposed, asked, reading)


def scored(contents: PromptContents) -> dict[str, float]:
    """The five scores, 0 to 100, by name."""
    scores = {
        criterion: sum(points * _share(contents, criterion, name) for name, points in rows.items())
        for criterion, rows in WEIGHTS.items()
    }
    scores["professionalism"] /= 1 + sum(FAULTS[name] * n for name, n in contents.faults.items())
    scores["brand_alignment"] = (
        100 * contents.wishes.fulfilled * AVOIDED ** len(contents.wishes.shown)
    )
    return {name: round(min(100.0, value), 2) for name, value in scores.items()}


def _share(contents: PromptContents, criterion: str, name: str) -> float:
    if criterion == "specificity" and name in EXACT:
        return contents.present[f"exact {name}"]
    return contents.present[name]


def _void(opposed: Sequence[str]) -> set[str]:
    """The families that count as not given, for their group contradicts itself."""
    rows: Mapping[str, Mapping[str, str]] = table()["family"]
    groups = {rows[name].get("group") for name in opposed if name in rows} - {None}
    return {name for name, row in rows.items() if row.get("group") in groups}


def content(text: str) -> set[str]:
    """The words of a text that carry its content: neither function words nor empty praise."""
    praise = {word for phrase in table()["noise"]["praise"] for word in words_of(phrase)}
    idle = praise.union(choices()["words"]["function"])
    return {word for word in words_of(text) if word not in idle}


def _kept(film: Film, scene: PlannedScene, reading: ShotWords) -> float:
    """The part of the scene's content words that the prompt still has."""
    wanted = content(scene.prompt) - {w for one in film.brand.avoid for w in words_of(one)}
    if not wanted:
        return 1.0
    return len(wanted & reading.words) / len(wanted)


def _idle(scene: PlannedScene, reading: ShotWords, asked: BrandRequirements) -> int:
    """Clauses that say nothing of the scene, of the brand or of the trade."""
    known = content(scene.prompt) | asked.words
    return sum(known.isdisjoint(clause) and not _says(clause) for clause in reading.clauses)


def _says(clause: Phrase) -> bool:
    shot = read_shot(" ".join(clause) + " light")
    return any(shot.has(name) for name in (*table()["family"], "role"))


def _gain(contents: PromptContents, name: str, weights: Sequence[float]) -> float:
    """Gain from a missing element, summed over the criteria by their weights."""
    gain = 0.0
    for criterion, weight in zip(CRITERIA, weights, strict=True):
        rows = WEIGHTS.get(criterion, {})
        for department, families in DEPARTMENTS.items():
            if name in families and department in rows:
                gain += weight * rows[department] * (1 - contents.present[department])
        if name in rows:
            gain += weight * rows[name] * (1 - _share(contents, criterion, name))
    return gain


def _suggestions(contents: PromptContents, weights: Sequence[float]) -> list[str]:
    """Suggestions: first for faults, then for missing elements, then for the brand."""
    rows = table()["family"]
    out = [
        f"Keep to one {rows[name]['title']}: the prompt contradicts itself or the scene."
        for name in contents.opposed
        if name in rows
    ]
    ranked = [
        (contents.wishes.gain(name) * weights[4], text) for name, text in contents.wishes.advice()
    ]
    void = _void(contents.opposed)
    ranked += [
        (_gain(contents, name, weights), row["advice"])
        for name, row in rows.items()
        if name not in void
    ]
    subject = _gain(contents, "subject", weights)
    ranked.append((subject, "Keep the words of the scene: parts of its subject are missing."))
    ranked += [
        (FAULTS[kind] * n * 100 * weights[2], _FAULTY[kind]) for kind, n in _curable(contents)
    ]
    ranked.sort(key=lambda one: -one[0])
    return out + [text for gain, text in ranked if gain > 0]


_FAULTY = {
    "praise": "Leave out empty praise such as 'masterpiece' or '8k'; it shows nothing.",
    "steering": "Leave out what is addressed to a reviewer; it shows nothing.",
    "repeats": "Leave out repetition: say everything once.",
    "idle": "Leave out filler: clauses that show nothing.",
}


def _curable(contents: PromptContents) -> list[tuple[str, int]]:
    return [(kind, contents.faults[kind]) for kind in _FAULTY if contents.faults[kind]]


def _critique(contents: PromptContents, scores: Mapping[str, float]) -> str:
    sentences = [f"{_title(name)} {scores[name]:.0f}: {_why(contents, name)}." for name in CRITERIA]
    return " ".join(sentences)


def _why(contents: PromptContents, criterion: str) -> str:
    if criterion == "brand_alignment":
        return contents.wishes.summary()
    rows = WEIGHTS[criterion]
    lacking = [_called(name) for name in rows if _share(contents, criterion, name) < 1]
    parts = [f"not (fully) said: {', '.join(lacking)}" if lacking else "all is said"]
    if criterion == "cinematography" and contents.opposed:
        parts.append(f"contradictory: {', '.join(_called(name) for name in contents.opposed)}")
    if criterion == "professionalism":
        names = {"praise": "empty praise", "steering": "words to the reviewer", "idle": "filler"}
        parts += [f"{names.get(kind, kind)} ({n})" for kind, n in contents.faults.items() if n]
    return "; ".join(parts)


def _called(name: str) -> str:
    row = table()["family"].get(name)
    return str(row["title"]) if row else name


def _title(criterion: str) -> str:
    return criterion.replace("_", " ").capitalize()
