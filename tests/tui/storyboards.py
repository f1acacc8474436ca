"""A film of several scenes as its recipe leaves it, written row by row."""

import io
from typing import Any

from PIL import Image

from tests.tui.support import Place

METRICS = ("pickscore", "clip", "vqa", "aesthetic")
CRITERIA = (
    "completeness",
    "specificity",
    "professionalism",
    "cinematography",
    "brand_alignment",
)
PROMPTS = (
    "A cup of coffee on a table.",
    "Close-up of a cup of coffee on a wooden table, steam rising.",
    "Close-up, 85 mm lens at f/2, of a cup of coffee on a wooden table, steam in warm side light.",
)


def film(place: Place, scenes: int = 2, variations: int = 4, *, name: str = "coffee") -> int:
    """A job whose scenes are written in two rounds, painted, scored and chosen; returns its id."""
    job = place.job_ids(place.batch(name, ["coffee"]))[0]
    place.claim(1)
    for round_ in (1, 2):  # all scenes are written at the same time
        for scene in range(1, scenes + 1):
            write(place, job, scene, round_)
    for scene in range(1, scenes + 1):
        shoot(place, job, scene, variations)
    return job


def write(place: Place, job: int, scene: int, round_: int) -> None:
    """One round of writing a scene's prompt."""
    scope = f"scene-{scene}/iteration-{round_}"
    prompt = {"text": f"Scene {scene}. {PROMPTS[round_]}", "negative": "text", "author": "writer"}
    place.step(job, scope, "write", prompts=[prompt | {"reason": "says lens and light"}])
    values = [40.0 + 20 * round_ + 3 * at for at in range(len(CRITERIA))]
    given = zip(CRITERIA, values, strict=True)
    named = [("overall", sum(values) / len(values)), *given]
    place.step(
        job,
        scope,
        "review",
        scores=[{"metric": m, "value": v, "raw": None, "scorer": "rubric 1"} for m, v in named],
        critiques=[
            {
                "text": "The light is missing." if round_ == 1 else "Says what a shot needs.",
                "missing": ["Name the colour of the light."] if round_ == 1 else [],
                "measurements": dict(zip(CRITERIA, values, strict=True)),
            }
        ],
    )


def shoot(place: Place, job: int, scene: int, variations: int) -> None:
    """A scene's images, their scores, and the choice of one of them."""
    made = []
    for number in range(1, variations + 1):
        colour = (60 * scene % 256, 50 * number % 256, 90)
        image = place.image(colour)
        made.append(image)
        file = {
            "role": "image",
            "hash": image,
            "media_type": "image/png",
            "kind": "image",
            "size": 100,
        }
        place.step(
            job,
            f"scene-{scene}/variation-{number}",
            "generate",
            artifacts=[file | {"width": 16, "height": 12}],
        )
    scores = [
        mark(metric, 30.0 + 7 * at + 5 * place_, image)
        for at, metric in enumerate(METRICS)
        for place_, image in enumerate(made)
    ]
    place.step(job, f"scene-{scene}", "score", scores=scores)
    overall = [mark("overall", 40.0 + 5 * at, image) for at, image in enumerate(made)]
    place.step(
        job,
        f"scene-{scene}",
        "select",
        scores=[mark("score", overall[-1]["value"], made[-1]), *overall],
        critiques=[{"text": f"Variation {variations} is best.", "missing": [], "measurements": {}}],
        headline=overall[-1]["value"],
    )


def mark(metric: str, value: float, image: str) -> dict[str, Any]:
    """A score of one image among several."""
    return {"metric": metric, "value": value, "raw": None, "scorer": metric, "image": image}


def preview(colour: tuple[int, int, int]) -> bytes:
    """A small image as a model shows it while it paints."""
    data = io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(data, "JPEG")
    return data.getvalue()
