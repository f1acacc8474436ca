"""Number and seconds of scenes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipes.storyboard.lengths import (
    LONGEST,
    SHORTEST,
    fitted,
    scene_count_of,
    seconds_of,
)

LENGTHS = st.lists(st.floats(0.1, 60), min_size=1, max_size=20)


@given(st.floats(3, 600))
def test_every_film_has_a_number_of_scenes_of_3_to_7_seconds(seconds: float):
    count = scene_count_of(seconds)
    assert count == 1 or SHORTEST <= seconds / count <= LONGEST


@given(LENGTHS, st.floats(1, 200))
def test_fitted_lengths_add_up_and_lie_within_the_bounds_if_they_can(
    lengths: list[float], total: float
):
    found = fitted(lengths, total, (SHORTEST, LONGEST))
    assert sum(found) == pytest.approx(total)
    if SHORTEST * len(lengths) <= total <= LONGEST * len(lengths):
        assert all(SHORTEST - 1e-9 <= one <= LONGEST + 1e-9 for one in found)
    order = sorted(range(len(lengths)), key=lambda at: lengths[at])
    assert [found[at] for at in order] == pytest.approx(sorted(found))


def test_lengths_within_the_bounds_keep_their_proportions():
    assert fitted([1, 2], 9, (3, 7)) == [3, 6]
    assert fitted([1, 2], 30, (3, 7)) == [10, 20]
    assert fitted([1, 20], None, (3, 7)) == [3, 7]
    assert fitted([1, 20], None, None) == [1, 20]
    assert fitted([1, 10], 10, (3, 7)) == pytest.approx([3, 7])


def test_scenes_without_a_duration_share_what_is_left():
    assert seconds_of([5, None, None], 15) == [5, 5, 5]
    assert seconds_of([5, None], 5) == [5, 4]
    assert seconds_of([None, None], None) == [4, 4]
