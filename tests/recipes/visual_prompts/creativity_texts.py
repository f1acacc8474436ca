"""Prompts for tests: two whole ones, and forty varied ones of a small grammar."""

import random
from typing import Any

STORM = (
    "A lighthouse keeper climbs a spiral stair of wet stone while the storm outside flings salt "
    "against every window. His lantern throws amber light across the iron rail, and the shadows "
    "of gulls race over the walls. Below him the sea heaves in slate and bottle green, its crests "
    "torn white by the wind. Far off, a small boat rides the swell with one red lamp burning at "
    "its bow. The horizon is a bruise of violet cloud, split by a seam of pale gold. Each wave "
    "that strikes the rock sends up a curtain of spray that hangs, glittering, before it falls. "
    "He pauses on the last step, one hand on the cold brass door, and watches the beam sweep out "
    "over the dark water."
)
MARKET = (
    "Sunlight spills over a market square on a spring morning, where bright awnings flutter above "
    "crates of oranges and yellow flowers. Children run between the stalls, laughing, their "
    "shirts streaked with colour. A juggler tosses glass balls into the warm air, and they flash "
    "like sparks before they drop into his hands. The crowd whirls around him, and somewhere a "
    "kite leaps from its string into the open sky. Golden dust hangs over it all as the whole "
    "street seems to dance, from the baker's door to the fountain, where two dogs chase each "
    "other through the spray."
)
SALAD = (
    "vibrant neon, glowing ethereal storm, cinematic lighting, luminous golden crystal, velvet "
    "ocean, swirling surreal dynamic energy, castle, dragon, mountain sunset, intricate "
    "details, deep shadow, dreamlike texture, majestic forest, burning sky, shimmering light, "
    "flowing silk, dramatic clouds, mystical birds, warm summer"
)
DARK = {
    "key": "D",
    "tonality": "minor",
    "tempo": 92.0,
    "mood": "moderate, dark, dramatic",
    "melody_contour": "descending",
    "dynamic_intensity": "intense",
}
BRIGHT = {**DARK, "tonality": "major", "tempo": 152.0, "mood": "energetic, bright"} | {
    "melody_contour": "ascending"
}

_PEOPLE = [
    "diver",
    "baker",
    "child",
    "widow",
    "surgeon",
    "pilot",
    "weaver",
    "monk",
    "courier",
    "gardener",
    "twin",
    "clerk",
]
_PLACES = [
    "harbour",
    "salt desert",
    "greenhouse",
    "railway bridge",
    "stairwell",
    "wheat field",
    "flooded church",
    "ice shelf",
    "rooftop",
    "paper mill",
    "night market",
    "quarry",
    "orchard",
    "observatory",
    "tram depot",
    "cedar forest",
]
_THINGS = [
    "copper kettle",
    "paper crane",
    "broken clock",
    "green umbrella",
    "glass eye",
    "fishing net",
    "bell",
    "moth",
    "letter",
    "white horse",
    "bicycle",
    "spool of thread",
    "lantern",
    "mirror",
    "violin case",
    "fox",
    "map",
    "ladder",
]
_LIGHTS = [
    "amber",
    "cold blue",
    "rose",
    "ash grey",
    "lemon",
    "violet",
    "rust",
    "pearl",
    "emerald",
    "black",
]
_ACTS = [
    "lifts",
    "loses",
    "follows",
    "buries",
    "paints",
    "trades",
    "unfolds",
    "chases",
    "mends",
    "drops",
    "hides",
    "counts",
]
_FORMS = (
    "A {person} {act} a {thing} at the edge of a {place}.",
    "{Light} light runs along the {place}, and beside it lies a {thing}.",
    "Behind the {thing} a {light} haze hides half of the {place}.",
    "It is early, and nobody but the {person} has seen the {thing} in the {place}.",
    "Rain has left the {place} shining like a {thing}.",
    "Over the {place} hangs a {light} moon, thin as a {thing}.",
    "The {person} turns away, while the {thing} drifts slowly past the {place}.",
    "Through an open door one sees a {place}, a {light} wall, and a {thing} on the floor.",
    "Wind pulls at the {thing} until its shadow reaches the {place}.",
    "Every {thing} here is {light}, down to the last one that the {person} {act}.",
)


_BOOK = """
An old piano stands in the snow with its lid open. Frost has grown over the keys, and a hare
sits on the stool, listening to the pines creak.

Seen from above, a city folds itself like paper: avenues crease, bridges bend to meet their
own reflections, and a tram slides along the fold toward a square of blank white.

Dunes the colour of bread roll to a sky without one cloud. A string of camels walks the crest,
and their shadows, longer than they are, walk below them through the hollows where nothing
grows but thorn.

Inside a jellyfish, far larger than a cathedral, a choir of divers floats with torches. Their
beams cross the bell from wall to wall, and wherever two of them meet, the flesh blushes pink.

A grandmother's kitchen at five in the morning. Flour on the table, one bulb, a radio the size
of a shoe. Her hands are in the dough up to the wrist, and behind her the window is turning
from ink to milk.

Two trains pass in a tunnel, and for as long as that takes, a boy in one and a girl in the
other hold their palms against the glass.

Rust blooms on a ferris wheel beside the sea. Nets hang from its gondolas instead of children,
and cormorants dry their wings at the top, black against a lemon sky.

A surgeon in green stitches a torn map on a steel table, river to river. Where the needle goes
in, small fires light up in the valleys, and she blows them out one after another.

Balloons by the thousand rise from a stadium into hail. Some burst at once; the rest go up
through the ice like a second storm that falls the other way, red and yellow and blue.

There is only a chair, a cup, and the shape that noon cuts from the floor.
"""
_WRITTEN = [part.replace("\n", " ").strip() for part in _BOOK.split("\n\n")]


def _sentence(rng: random.Random, form: str) -> str:
    light = rng.choice(_LIGHTS)
    return form.format(
        person=rng.choice(_PEOPLE),
        place=rng.choice(_PLACES),
        thing=rng.choice(_THINGS),
        act=rng.choice(_ACTS),
        light=light,
        Light=light.capitalize(),
    )


def varied(count: int = 40) -> list[str]:
    """Prompts of one to ten sentences, the same ones each time: a quarter is written by hand."""
    rng = random.Random(7)
    return [
        _WRITTEN[at // 4]
        if at % 4 == 0 and at // 4 < len(_WRITTEN)
        else " ".join(_sentence(rng, form) for form in rng.sample(_FORMS, rng.randint(3, 10)))
        for at in range(count)
    ]


def music(number: int) -> dict[str, Any]:
    """The features of a sample, in the eight keys."""
    rng = random.Random(number)
    return {
        "key": rng.choice("CDEFGAB"),
        "tonality": rng.choice(["major", "minor"]),
        "tempo": round(rng.uniform(60, 180), 1),
        "mood": rng.choice(["slow, dark", "upbeat, bright", "energetic, bright, dramatic"]),
        "melody_contour": rng.choice(["ascending", "descending", "stable", "mixed"]),
        "dynamic_intensity": rng.choice(["soft", "moderate", "intense", "very_intense"]),
    }
