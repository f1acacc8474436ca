"""Fits how likely a sighting of a shape is, on pictures of which it is known what they show.

Half of the pictures are constructed (`tests.support.constructed_pictures`), half painted from
sentences of one subject. The seeds are those of tuning: the figures of `python -m bench quality`
are of others.

Usage: python -m bench.cases.silhouettes PICTURES_PER_THING
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.machine import emit
from engine.backends.builtin.painter.paint import paint
from engine.imaging.silhouettes.edges import edges
from engine.imaging.silhouettes.finding import FEATURES, find
from engine.imaging.silhouettes.forms import FORMS
from tests.support.constructed_pictures import GROUNDS, PLACES, Thing, picture

SEED = 5
"""Seed of the pictures that are fitted on."""

COLOURS = (
    "red", "blue", "yellow", "white", "green", "black", "orange", "purple", "brown", "teal",
)  # fmt: skip
SENTENCES = (
    "a {colour} {name} at dusk", "a {colour} {name} on the left, calm morning",
    "{name} in fog, muted", "a {colour} {name}, dramatic storm", "a {colour} {name}, watercolour",
    "a lone {name} at night, teal and navy", "a {name} on the right, golden hour, close-up",
    "a {colour} {name} in the snow, oil painting", "{name}, woodblock print",
    "{name} at dawn, film",
    "a {colour} {name} in the forest", "a {name} at sunset",
)  # fmt: skip
FINISHES = ("", "", ", fog", ", watercolour", ", film", ", oil")
OTHERS = 3
"""Things that are not there and are looked for in each picture."""


def pictures(each: int) -> Iterator[tuple[str, bytes]]:
    """Yield pictures of one thing, with its name."""
    rng = np.random.default_rng(SEED)
    for _ in range(each):
        for name, stage in PLACES.items():
            colour, seed = str(rng.choice(COLOURS)), int(rng.integers(10**6))
            words = str(rng.choice(SENTENCES)).format(colour=colour, name=name)
            yield name, paint(words, "", seed, 192, 160)
            thing = Thing(name, colour, float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.2, 0.45)))
            ground = str(rng.choice(GROUNDS[stage])) + str(rng.choice(FINISHES))
            yield name, picture([thing], ground, seed + 1, 192, 160)


def rows(each: int) -> Iterator[tuple[bool, tuple[float, ...]]]:
    """Yield the features of the best sighting of things that are there, and of others."""
    rng = np.random.default_rng(SEED + 1)
    for name, image in pictures(each):
        seen = edges(image)
        absent = [other for other in FORMS if other != name]
        asked = [*([name] if name in FORMS else []), *rng.choice(absent, OTHERS, replace=False)]
        for one in asked:
            sighting = find(seen, str(one))
            if sighting is not None:
                yield one == name, sighting.features


def fitted(each: int) -> dict[str, Any]:
    """Return the weights of a logistic regression, in the units of the features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    there, features = zip(*rows(each), strict=True)
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(class_weight="balanced").fit(scaler.transform(features), there)
    weights = model.coef_[0] / scaler.scale_
    constant = float(model.intercept_[0] - weights @ scaler.mean_)
    named = dict(zip(FEATURES, (round(float(one), 4) for one in weights), strict=True))
    return {"weights": named, "constant": round(constant, 4), "pictures": len(there)}


def main() -> None:
    """Print the weights as JSON, as `likelihood.json` holds them."""
    result = fitted(int(sys.argv[1]))
    print(json.dumps(result, indent=1), file=sys.stderr)
    emit(**result)


if __name__ == "__main__":
    main()
