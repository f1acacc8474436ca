"""A job with a page, written as an engine would leave it: a sound, its analysis, its prompts."""

import json
from collections.abc import Sequence
from typing import Any

from tests.support import media_files as media
from tests.support.pieces import PROMPTS, creativity, piece
from tests.tui.support import Place
from tests.tui.test_kinds_on_screen import artifact

ABC = """X: 1
T:A piece
M:4/4
L:1/8
Q:1/4=121
K:C#m
"C#m"C2E2 G2c2|"A"A2c2 e4|"E"E2G2 B2e2|"B"B8|
"""


def result(
    place: Place, step: int, kind: str, data: Any, request: dict[str, Any] | None = None
) -> None:
    """Give a step a result of a kind."""
    sql = "UPDATE steps SET kind = ?, result = ?, request = ? WHERE id = ?"
    values = (kind, json.dumps(data), json.dumps(request or {}), step)
    place.write(lambda c: c.execute(sql, values))


def sample(
    place: Place, job: int, prompts: Sequence[str] = PROMPTS, *, images: bool = False
) -> None:
    """Write all that a job of a sample leaves behind."""
    sound = artifact(place, media.wav(8.0, peak=0.7))
    del sound["role"]
    document = json.dumps({"id": "sample_000", "sound": sound, "metadata": {}})
    place.write(lambda c: c.execute("UPDATE jobs SET input = ? WHERE id = ?", (document, job)))
    files = [
        artifact(place, ABC.encode(), "notation", role="notation"),
        artifact(place, b"MThd\0\0\0\6\0\1\0\2\1\xe0", role="midi"),
        artifact(place, media.image(size=(96, 40), colour=(90, 20, 120)), role="mel"),
    ]
    step = place.step(job, "", "analyse", artifacts=files)
    result(place, step, "features", {"features": piece(8.0).model_dump(mode="json"), "abc": ABC})
    for number, text in enumerate(prompts):
        step = place.step(job, "", f"prompt-{number}")
        terms = {"mode": "divergent" if number > 2 else "convergent", "temperature": 0.4}
        written = {"visual_prompt": text, "author": "builtin rule-1"}
        result(place, step, "prompt", written, terms)
        if images:
            image = artifact(place, media.image(size=(64, 48), colour=(40 * number, 90, 60)))
            place.step(job, f"prompt-{number}", "image", artifacts=[image])
    step = place.step(job, "", "creativity")
    result(place, step, "measures", creativity(len(prompts)))
