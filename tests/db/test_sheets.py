"""Pages of a contact sheet by keyset: every job once, in any order, in both directions."""

import itertools
import random

import pytest

from db.queries.sheets import sheet_jobs, sheet_place
from tests.tui.support import Place


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("sheets"))
    batch = place.batch("many", [f"job-{n}" for n in range(60)])
    dice = random.Random(7)

    def values(connection):
        for job in place.job_ids(batch):
            score = dice.choice([None, 1.5, 2.5, 80.25, 99])
            rating = dice.choice([None, 0, 3, 6])
            state = dice.choice(["queued", "paused"])
            sql = "UPDATE jobs SET score = ?, rating = ?, state = ? WHERE id = ?"
            connection.execute(sql, (score, rating, state, job))

    place.write(values)
    return place


ORDERS = list(itertools.product(("position", "score", "rating"), (False, True), ((), ("paused",))))


@pytest.mark.parametrize(("order", "low_first", "states"), ORDERS)
def test_pages_are_a_whole_in_both_directions(place, order, low_first, states):
    options = {"order": order, "low_first": low_first, "states": states}
    connection = place.store.reader()
    whole = [job.id for job in sheet_jobs(connection, 1, **options, limit=100)]
    assert len(whole) == (60 if not states else len(set(whole)))
    pages, after = [], None
    while page := sheet_jobs(connection, 1, **options, after=after, limit=7):
        pages += [job.id for job in page]
        after = page[-1].place
    assert pages == whole
    for number in (0, 1, len(whole) // 2, len(whole) - 1):
        here = sheet_place(connection, whole[number], order)
        back = sheet_jobs(connection, 1, **options, after=here, backwards=True, limit=3)
        assert [job.id for job in back] == whole[max(0, number - 3) : number][::-1]
    connection.close()


def test_the_best_come_first_and_those_without_a_value_last(place):
    connection = place.store.reader()
    values = [job.place.value for job in sheet_jobs(connection, 1, order="score")]
    scored = [value for value in values if value is not None]
    assert scored == sorted(scored, reverse=True)
    assert values == scored + [None] * (len(values) - len(scored))
    connection.close()
