"""Seconds of a film that a decision has rendered again, as the confirmation names them."""

import json
from types import SimpleNamespace
from typing import Any

from engine.contract.decisions import JobShape
from engine.recipes.music_video.again import rendered_again
from engine.recipes.music_video.film import plain_plan
from engine.video.plan import FilmPlan, Shot


def shape(files: Any = None) -> JobShape:
    """Return a job with segments of 4 s, whose step of the files had a request."""
    step = SimpleNamespace(scope="", name="files", state="done", request=json.dumps(files))
    job: Any = None
    steps: Any = [step] if files is not None else []
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
        )
    }  # fmt: skip
    assert list(said.values()) == [8, 8, 4, 8, 16, 4, 12]
    assert rendered_again(film, "section-2/source") == (
        "8 s of the film's 24 s are rendered again."
    )


def test_nothing_is_said_before_the_film_is_planned_or_of_what_is_damaged() -> None:
    assert rendered_again(shape(), "section-1/prompt") == ""
    assert rendered_again(shape({"plan": {"width": -1}}), "section-1/prompt") == ""
    assert rendered_again(shape(request()), "prompt") == ""
