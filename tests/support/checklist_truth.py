"""Questions about constructed pictures with their true answers, half of them yes and half no."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.recipes.refine.checklist import Question, QuestionKind
from tests.support.constructed_pictures import PLACES, Thing, picture

Grounds = dict[str, tuple[str, ...]]

GROUNDS: Grounds = {
    "land": (
        "hills in the morning", "grassland, afternoon", "a prairie, summer", "dunes at sunrise",
        "a steppe at midday", "a sandy shore, late sun", "the tundra, daylight", "moor, twilight",
    ),
    "water": ("the ocean, summer", "a pond in the morning", "a bay at twilight", "a loch, noon",
              "the ocean, evening light", "a lagoon at sundown"),
    "sky": ("a valley, afternoon", "the ocean, sunrise", "dunes, late sun", "a pond, daylight"),
    "deep": ("the seabed, daylight", "the deep sea, evening", "kelp, midday"),
    "still": ("a mug, north light", "a jug, firelight", "an urn, soft window light"),
}  # fmt: skip
"""Scenes that nothing was tuned on."""

COLOURS = (
    "crimson", "orange", "lemon", "emerald", "turquoise", "cobalt", "violet", "fuchsia", "white",
    "black",
)  # fmt: skip
"""Colours of things; any two that are `APART` places apart in the list are plainly different."""

APART = 4
FINISHES = ("", "", "", ", film", ", watercolour", ", mist")
COLOURLESS = ("palm", "fruit", "bottle")
"""Things that the painter does not paint in the colour that is asked, or in a darker one."""

SIDES = {"left": (0.2, 0.4), "centred": (0.47, 0.53), "right": (0.6, 0.8)}


@dataclass(frozen=True)
class Case:
    """A picture with questions and the true answer to each."""

    image: bytes
    questions: tuple[tuple[Question, bool], ...]


def cases(seed: int, rounds: int, grounds: Grounds = GROUNDS) -> Iterator[Case]:
    """Yield a case per kind of thing and round: one thing with a place, or several to count."""
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        for name in PLACES:
            yield _one(rng, name, grounds) if rng.uniform() < 0.5 else _several(rng, name, grounds)


def _one(rng: np.random.Generator, name: str, grounds: Grounds) -> Case:
    side = str(rng.choice(list(SIDES)))
    colour = int(rng.integers(len(COLOURS)))
    x, size = float(rng.uniform(*SIDES[side])), float(rng.uniform(0.22, 0.42))
    things = [Thing(name, COLOURS[colour], x, size)]
    elsewhere = str(rng.choice([other for other in SIDES if other != side]))
    asked = [
        *_of_objects(rng, name),
        *_of_colour(rng, name, colour),
        (_question("position", name, side), True),
        (_question("position", name, elsewhere), False),
    ]
    return Case(_painted(rng, things, grounds), _numbered(asked))


def _several(rng: np.random.Generator, name: str, grounds: Grounds) -> Case:
    count = int(rng.integers(1, 5))
    colour = int(rng.integers(len(COLOURS)))
    step = 0.8 / count
    things = [
        Thing(
            name,
            COLOURS[colour],
            0.1 + step * (at + 0.5) + float(rng.uniform(-0.03, 0.03)),
            float(rng.uniform(0.2, min(0.4, 0.9 * step))) if count < 4 else 0.18,
        )
        for at in range(count)
    ]
    wrong = count + 1 if count == 1 or rng.uniform() < 0.5 else count - 1
    asked = [
        *_of_objects(rng, name),
        *_of_colour(rng, name, colour),
        (_question("count", name, str(count)), True),
        (_question("count", name, str(wrong)), False),
    ]
    return Case(_painted(rng, things, grounds), _numbered(asked))


def _of_objects(rng: np.random.Generator, name: str) -> list[tuple[Question, bool]]:
    absent = str(rng.choice([other for other in PLACES if other != name]))
    return [(_question("object", name), True), (_question("object", absent), False)]


def _of_colour(rng: np.random.Generator, name: str, colour: int) -> list[tuple[Question, bool]]:
    if name in COLOURLESS:
        return []
    wrong = (colour + int(rng.integers(APART, len(COLOURS) - APART + 1))) % len(COLOURS)
    return [
        (_question("colour", name, COLOURS[colour]), True),
        (_question("colour", name, COLOURS[wrong]), False),
    ]


def _question(kind: QuestionKind, name: str, value: str = "") -> Question:
    return Question(id="q1", text=f"{name} {value}?", kind=kind, subject=name, value=value)


def _numbered(asked: list[tuple[Question, bool]]) -> tuple[tuple[Question, bool], ...]:
    return tuple(
        (question.model_copy(update={"id": f"q{at}"}), truth)
        for at, (question, truth) in enumerate(asked, 1)
    )


def _painted(rng: np.random.Generator, things: list[Thing], grounds: Grounds) -> bytes:
    ground = str(rng.choice(grounds[PLACES[things[0].name]])) + str(rng.choice(FINISHES))
    return picture(things, ground, int(rng.integers(10**6)), 224, 192)
