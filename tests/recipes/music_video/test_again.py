"""Seconds of a film that a decision has rendered again, as the confirmation names them."""

import json
from types import SimpleNamespace
from typing import Any

from engine.contract.decisions import JobShape
from engine.recipes.common.films import plain_plan
from engine.recipes.music_video.again import rendered_again
from engine.video.plan import FilmPlan, Shot


def done(scope: str, name: str, request: Any, result: Any = None) -> Any:
    """Return a step that is done."""
    texts = {"request": json.dumps(request), "result": json.dumps(result or {})}
    return SimpleNamespace(scope=scope, name=name, state="done", **texts)


def generated(number: str, hash_: str, after: str = "") -> Any:
    """Return the step that generated an image, after another one if it has a reference."""
    request = {"reference": {"hash": after} if after else None}
    result = {"image": {"hash": hash_}}
    return done(f"{number}/candidate-1", "generate", request, result)


def shape(files: Any = None, *others: Any) -> JobShape:
    """Return a job with segments of 4 s, whose step of the files had a request."""
    job: Any = None
    steps: Any = [done("", "files", files), *others] if files is not None else []
    return JobShape(job, None, SimpleNamespace(segment_seconds=4.0), steps)


def request() -> dict[str, Any]:
    """Return a film of 24 s in three sections of 8 s, the third with an image of the first."""
    shots = tuple(
        Shot(start=4.0 * k, end=4.0 * (k + 1), section=k // 2, image=image)
        for k, image in enumerate((0, 1, 2, 2, 1, 1))
    )
    names = ("section-01-image-1.png", "section-01-image-2.png", "section-02-image-1.png")
    plan = FilmPlan(width=128, height=72, frame_rate=24, seconds=24.0, shots=shots)
    return {"plan": plain_plan(plan), "images": [f"keyframes/{name}" for name in names]}


def test_seconds_are_those_of_the_segments_that_show_a_change() -> None:
    film = shape(request())
    said = {
        key: int(rendered_again(film, key).split(" ")[0])
        for key in (
            "section-2/palette", "section-2/motion", "section-2/transition", "section-1/motion",
            "section-1/prompt", "section-1/image-1/select", "section-1/image-2/select",
            "section-2/effects", "section-1/image-2/seed",
        )
    }  # fmt: skip
    assert list(said.values()) == [8, 8, 4, 8, 16, 4, 12, 8, 12]
    assert rendered_again(film, "section-2/source") == (
        "8 s of the film's 24 s are rendered again."
    )


def test_images_that_follow_a_new_one_are_new_as_well() -> None:
    images = generated("section-1/image-1", "a"), generated("section-1/image-2", "b", after="a")
    film = shape(request(), *images, generated("section-2/image-1", "c", after="b"))
    assert rendered_again(film, "section-1/image-1/seed").startswith("24 s")
    assert rendered_again(film, "section-1/image-2/seed").startswith("20 s")
    assert rendered_again(film, "section-2/image-1/seed").startswith("8 s")


def test_sections_that_borrow_a_new_image_are_rendered_as_well() -> None:
    values = request()
    values["plan"]["shots"][4]["image"] = 3
    lent = done("section-3/borrowed-2", "grade", {"image": {"hash": "b"}})
    steps = generated("section-1/image-1", "a"), generated("section-1/image-2", "b"), lent
    film = shape(values, *steps)
    assert rendered_again(film, "section-1/image-2/seed").startswith("12 s")
    assert rendered_again(film, "section-1/image-1/seed").startswith("4 s")


def test_nothing_is_said_before_the_film_is_planned_or_of_what_is_damaged() -> None:
    assert rendered_again(shape(), "section-1/prompt") == ""
    assert rendered_again(shape({"plan": {"width": -1}}), "section-1/prompt") == ""
    assert rendered_again(shape(request()), "prompt") == ""
