"""The recipe's own steps answer from stores that were written when they were a backend."""

from collections.abc import Callable
from typing import Any

from engine.contract import Artifact, ImageScore, Request, ScorerScores, ScoreTable
from engine.recipes.storyboard.selection import SelectRequest
from engine.recipes.storyboard.steps import METHOD, SheetRequest, join, select
from engine.runtime.step.fingerprint import Identity, fingerprint
from engine.runtime.step.local import LocalExecutor, local_call

IMAGES = tuple(
    Artifact(hash=letter * 64, media_type="image/png", size=3, width=64, height=64)
    for letter in "ab"
)
SCORES = ScoreTable(
    images=IMAGES,
    columns=(
        ScorerScores(
            metric="pickscore",
            scorer="x",
            text="brief",
            marks=(ImageScore(value=1), ImageScore(value=2)),
        ),
    ),
)


def printed(function: Callable[..., Any], request: Request) -> str:
    call = local_call(LocalExecutor("storyboard", METHOD, "1"), function, request)
    info = call.backend.info
    return fingerprint(call, Identity(info.name, info.model, info.version))


def test_stored_fingerprints_of_own_steps_hold():
    request = SelectRequest(
        sheet=SCORES, numbers=(1, 2), weights={"pickscore": 1.0}, threshold=30.0, decided=2
    )
    assert printed(select, request) == (
        "6ba2d9f0480da96989b05eec33c04a437ccec256d8c7a90d65b16dbef1dacdc0"
    )
    assert printed(join, SheetRequest(images=IMAGES)) == (
        "b62af7e4cbe9682cba598eb2e97f647117a2cae0c3d4ca25ed2116fbdae79611"
    )
