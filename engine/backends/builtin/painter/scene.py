"""Puts a landscape together, from the sky to what stands in front."""

from collections.abc import Callable

import numpy as np

from engine.backends.builtin.painter import buildings, cutouts, land, plants, towers, water
from engine.backends.builtin.painter.canvas import Canvas
from engine.backends.builtin.painter.noise import profile
from engine.backends.builtin.painter.numbers import row
from engine.backends.builtin.painter.plan import PaintPlan
from engine.backends.builtin.painter.planet import paint_planet
from engine.backends.builtin.painter.sky import light_rays, paint_sky
from engine.backends.builtin.painter.space import rocket
from engine.imaging.measure.colour import mix
from engine.imaging.silhouettes.curves import Point

Source = Callable[[str], np.random.Generator]
"""Gives every part of the image its own generator, so that one part does not stir another."""

STANDING = {
    "person": 0.34, "cat": 0.36, "fox": 0.36, "wolf": 0.38, "deer": 0.4, "tree": 0.62,
    "palm": 0.56, "house": 0.26, "castle": 0.4, "windmill": 0.46, "tent": 0.22, "torii": 0.4,
    "lighthouse": 0.5,
}  # fmt: skip
"""Usual sizes of what stands on the ground, in units."""

WIDE = {"torii": 0.5, "castle": 0.4, "tree": 0.36, "house": 0.3, "palm": 0.3, "windmill": 0.3}
"""Distance at which two of a thing stand free at their usual size, in widths of the image."""


def landscape(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    """Paint sky, distance, water or ground, and the subjects."""
    lamp = paint_sky(canvas, plan, source("sky"))
    if lamp and plan.look.name in ("golden", "fog", "sunset", "dawn") and not plan.weather:
        light_rays(canvas, lamp, plan.look.lamp, source("rays"), 0.22)
    _in_the_sky(canvas, plan, source)
    wet = plan.has("sea", "lake")
    _distance(canvas, plan, source, wet)
    if wet:
        if plan.has("castle", "house", "village", "windmill"):
            _shore(canvas, plan, source)
        water.water(canvas, plan, source("water"), lamp, _roughness(plan))
    else:
        _ground(canvas, plan, source)
    if plan.has("river"):
        water.river(canvas, plan, source("river"), "river")
    if plan.has("road"):
        water.river(canvas, plan, source("road"), "road")
    if plan.has("beach"):
        water.beach(canvas, plan, source("beach"))
    _subjects(canvas, plan, source, wet)
    if plan.has("bird"):
        flock = 3 if "minimal" in plan.traits else 11
        cutouts.birds(canvas, plan, source("birds"), plan.number("bird", flock))


def _in_the_sky(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    """Paint things that float above the horizon."""
    if plan.has("planet"):
        places, gap = row(1 - plan.focus, plan.number("planet"))
        size = min(0.13 * plan.scale, 0.3 * gap) if len(places) > 1 else 0.13 * plan.scale
        for number, (x, _) in enumerate(places):
            rng = source(_named("planet", number))
            paint_planet(canvas, plan, rng, (x, plan.horizon * 0.45), size)
    if plan.has("rocket"):
        for x, _ in row(plan.focus, plan.number("rocket"))[0]:
            rocket(canvas, plan, (x, plan.horizon * 0.7), 0.24 * plan.scale)
    if plan.has("balloon"):
        _balloons(canvas, plan, source)


def _roughness(plan: PaintPlan) -> float:
    if "storm" in plan.weather or plan.look.name == "storm":
        return 0.95
    if not plan.has("sea"):
        return 0.04
    rough = (
        0.42
        + 0.35 * plan.has("wave")
        + 0.35 * ("wind" in plan.weather)
        + 0.3 * plan.moods.get("dramatic", 0)
    )
    return max(0.12, rough - 0.35 * plan.moods.get("calm", 0))


def _distance(canvas: Canvas, plan: PaintPlan, source: Source, wet: bool) -> None:
    """Paint things that rise behind the horizon."""
    if plan.has("mountain"):
        land.mountains(canvas, plan, source("mountain"))
    elif (plan.has("snow-land", "forest", "hill") and wet) or (
        not wet and not plan.has("city", "desert") and "minimal" not in plan.traits
    ):
        land.mountains(canvas, plan, source("mountain"), low=True)
    if plan.has("city"):
        buildings.city(canvas, plan, source("city"), plan.horizon)
    if wet and plan.has("forest"):
        plants.forest(canvas, plan, source("forest"), low=True)


def _ground(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    """The ground from the horizon to the lower edge, if there is no sea or lake."""
    if plan.has("desert"):
        land.dunes(canvas, plan, source("dunes"))
    elif plan.has("snow-land") or "snow" in plan.weather:
        land.snowfield(canvas, plan, source("snow"))
    elif plan.has("flower"):
        plants.flowers(canvas, plan, source("flowers"))
    elif plan.has("field"):
        plants.field(canvas, plan, source("field"))
    elif plan.has("city") and not plan.has("river", "hill", "road"):
        _wet_street(canvas, plan, source)
    elif not plan.has("forest"):
        land.hills(canvas, plan, source("hills"))
    if plan.has("forest"):
        if not plan.has("desert", "snow-land", "flower", "field") and "snow" not in plan.weather:
            land.hills(canvas, plan, source("hills"), "forest")
        plants.forest(canvas, plan, source("forest"))


def _wet_street(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    """A city stands by water or wet asphalt that returns its lights."""
    water.water(canvas, plan, source("street"), None, 0.1)


def _shore(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    """A low bank on the far side of the water."""
    rng = source("shore")
    edge = plan.horizon - 0.012 - 0.02 * (profile(rng, canvas.width, 3, 3) + 0.6)
    tone = mix(land.tinted(plan, land.EARTH["hill"], 0.3), plan.look.near, 0.3)
    cover, top = land.below(canvas, edge)
    canvas.over(cover, tone, top)


def _mound(canvas: Canvas, plan: PaintPlan, source: Source, high: float) -> float:
    """A rise in the foreground for a subject to stand on; returns its height at the focus."""
    rng = source("mound")
    away = (canvas.x[0] - plan.focus) / 0.42
    edge = 0.985 - high * np.exp(-(away**2)) + 0.018 * profile(rng, canvas.width, 4, 4)
    kind = next((k for k in ("snow-land", "desert", "field", "beach") if plan.has(k)), "hill")
    base = land.tinted(plan, plan.colour(kind, land.EARTH[kind]))
    if "snow" in plan.weather:
        base = land.tinted(plan, land.SNOW)
    dark = 0.35 if kind in ("snow-land", "desert", "beach") or "snow" in plan.weather else 0.68
    land.layer_of(canvas, plan, rng, edge, mix(base, plan.look.near, dark))
    if kind in ("hill", "field") and "snow" not in plan.weather:
        blade = mix(base, plan.look.near, dark + 0.1)
        plants.grass(canvas, plan, rng, blade, 0.09, 1.01)
    return float(np.interp(plan.focus, canvas.x[0], edge))


def _subjects(canvas: Canvas, plan: PaintPlan, source: Source, wet: bool) -> None:
    """Everything that is more than scenery, the far things first."""
    if plan.has("bridge"):
        buildings.bridge(canvas, plan, source("bridge"))
    if plan.has("village"):
        buildings.village(canvas, plan, source("village"), plan.horizon + (0.0 if wet else 0.06))
    _vessels(canvas, plan, source)
    standing = [
        (name, number)
        for name in plan.things
        if name in STANDING
        for number in range(plan.number(name))
    ]
    places, gap = _across(plan, [name for name, _ in standing], wet)
    beside = 0
    for (name, number), x in zip(standing, places, strict=True):
        if wet and name in ("lighthouse", "torii"):
            _in_the_water(canvas, plan, source, (name, number), x, _share(name, gap))
            continue
        far = name in ("house", "castle", "windmill", "tent", "lighthouse", "torii")
        at = _foot(canvas, plan, source, wet, far, beside, x)
        size = STANDING[name] * plan.scale * (0.72 if far and wet else 1.0) * _share(name, gap)
        _stand(canvas, plan, source, (name, number), at, size)
        beside += 1


def _across(plan: PaintPlan, standing: list[str], wet: bool) -> tuple[list[float], float]:
    """Return places across the image for what stands, and the distance of counted things."""
    if any(plan.number(name) > 1 for name in standing):
        places, gap = row(plan.focus, len(standing), 0.4 if len(standing) == 2 else 0.27)
        return [place for place, _ in places], gap
    side = 1 if plan.focus < 0.5 else -1
    aside_places, beside = list[float](), 0
    for name in standing:
        if wet and name in ("lighthouse", "torii"):
            aside_places.append(plan.focus)
            continue
        aside = (0.0, 0.24, -0.24, 0.34)[beside % 4] * side
        aside_places.append(float(np.clip(plan.focus + aside, 0.08, 0.92)))
        beside += 1
    return aside_places, 1.0


def _share(name: str, gap: float) -> float:
    """Return the part of a thing's size for which there is room."""
    return max(0.3, min(1.0, gap / WIDE.get(name, 0.22)))


def _in_the_water(
    canvas: Canvas,
    plan: PaintPlan,
    source: Source,
    one: tuple[str, int],
    x: float,
    share: float,
) -> None:
    """Paint a lighthouse on its rock, or a gate in the water."""
    name, number = one
    size = 0.42 * plan.scale * share
    if name == "torii":
        towers.torii(canvas, plan, (x, plan.horizon + 0.13), size)
        return
    rock = source(_named("rock", number))
    ground = land.headland(canvas, plan, rock, x, 0.06 + 0.05 * plan.scale * share)
    towers.lighthouse(canvas, plan, (x, ground + 0.004), size, source(_named(name, number)))


def _named(name: str, number: int) -> str:
    """Return the name of the generator of one of several things; the first has the thing's."""
    return f"{name}-{number}" if number else name


def _foot(
    canvas: Canvas, plan: PaintPlan, source: Source, wet: bool, far: bool, beside: int, x: float
) -> Point:
    """Placement of a thing: on the far shore, in the middle distance, or on the mound."""
    lift = -0.06 * plan.corrections.get("height", 0.0)
    if far:
        down = 0.008 if wet else 0.3 * (1 - plan.horizon) + 0.02 * (beside % 4)
        return x, float(np.clip(plan.horizon + down + lift, 0.2, 0.97))
    if beside == 0 or "mound" not in plan.traits:
        plan.traits.add("mound")
        ground = _mound(canvas, plan, source, 0.12)
        return x if plan.numbers else plan.focus, ground + 0.008 + min(0.0, lift)
    return x, 0.955


def _stand(
    canvas: Canvas, plan: PaintPlan, source: Source, one: tuple[str, int], at: Point, size: float
) -> None:
    name = one[0]
    rng = source(_named(*one))
    if name == "house":
        buildings.house(canvas, plan, at, size, rng)
    elif name == "castle":
        towers.castle(canvas, plan, at, size, rng)
    elif name == "windmill":
        towers.windmill(canvas, plan, at, size, rng)
    elif name == "tent":
        towers.tent(canvas, plan, at, size)
    elif name == "torii":
        towers.torii(canvas, plan, at, size)
    elif name == "lighthouse":
        towers.lighthouse(canvas, plan, at, size, rng)
    elif name == "tree":
        plants.tree(canvas, plan, rng, at, size)
    elif name == "palm":
        plants.palm(canvas, plan, rng, at, size)
    else:
        cutouts.figure(canvas, plan, name, at, size, flip=plan.focus > 0.5)


def _vessels(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    room = 1 - plan.horizon
    main = plan.things and plan.things[0] in ("boat", "ship", "rowboat")
    aside = plan.focus if main or not plan.has("lighthouse", "torii") else 1 - plan.focus
    for name, size, deep in (
        ("ship", 0.4, 0.12),
        ("boat", 0.34 if main else 0.16, 0.36 if main else 0.16),
        ("rowboat", 0.27, 0.52),
    ):
        if not plan.has(name):
            continue
        middle = plan.focus if name == "rowboat" else aside
        places, gap = row(middle, plan.number(name))
        share = 1.0 if len(places) == 1 else min(1.0, gap / (0.9 * size))
        for number, (x, tier) in enumerate(places):
            at = (x, plan.horizon + (deep + 0.09 * tier) * room)
            _vessel(canvas, plan, name, at, size * plan.scale * share, source(_named(name, number)))


def _vessel(
    canvas: Canvas, plan: PaintPlan, name: str, at: Point, size: float, rng: np.random.Generator
) -> None:
    flip = plan.focus > 0.5
    if name == "ship":
        cutouts.ship(canvas, plan, at, size, flip, rng)
    elif name == "boat":
        cutouts.boat(canvas, plan, at, size, flip)
    else:
        cutouts.rowboat(canvas, plan, at, size, flip)


def _balloons(canvas: Canvas, plan: PaintPlan, source: Source) -> None:
    rng = source("balloon")
    size = 0.34 * plan.scale
    places, gap = row(plan.focus, plan.number("balloon"))
    if "balloon" in plan.numbers:
        size = min(size, 1.3 * gap) if len(places) > 1 else size
        for x, tier in places[1:]:
            at = (x, plan.horizon * (0.78 - 0.4 * tier))
            cutouts.balloon(canvas, plan, at, 0.75 * size, rng)
    else:
        others = 1 if "minimal" in plan.traits else 5
        for _ in range(others):
            at = (float(rng.uniform(0.08, 0.92)), plan.horizon * float(rng.uniform(0.35, 0.9)))
            if abs(at[0] - plan.focus) > 0.2:
                high = float(rng.uniform(0.06, 0.13)) * plan.scale
                cutouts.balloon(canvas, plan, at, high, rng)
    cutouts.balloon(canvas, plan, (places[0][0], plan.horizon * 0.78), size, rng)
