"""The part of a job that is shown first."""

from collections.abc import Sequence

import pytest

from engine.client.views.tree import TreeLine, matters_most


def lines(*scopes: tuple[str, float | None]) -> Sequence[TreeLine]:
    job = TreeLine(0, 0, "job", "", "done", None, "", ())
    return [
        job,
        *(
            TreeLine(-number, 1, scope, scope, "done", score, "", ())
            for number, (scope, score) in enumerate(scopes, 1)
        ),
    ]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ((("iteration-1", 50.0), ("iteration-2", None)), "iteration-2"),
        ((("scene-1", 50.0), ("scene-2", 70.0), ("subject-1", None), ("film", None)), "scene-2"),
        ((("scene-1", None), ("film", None)), "film"),
        ((), ""),
    ],
)
def test_it_is_the_newest_scope_of_a_name_that_is_scored(
    scopes: Sequence[tuple[str, float | None]], expected: str
) -> None:
    assert matters_most(lines(*scopes)).scope == expected
