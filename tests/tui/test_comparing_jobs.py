"""Whole jobs side by side, of one batch or of several, with or without scores, checks and files."""

import json
from operator import is_
from typing import Any

import pytest

from db.writes.ratings import rate
from engine.client.views.candidates import Candidate
from engine.client.views.recipe_info import Headlines
from engine.client.views.whole_jobs import BestOfJobs
from tests.tui.samples import result
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_comparing import at_the_job, captions, comparing
from tests.tui.test_filters_of_lists import open_first
from tui.widgets.differences import shared_words


def settings(place: Place, batch: int, **values: object) -> None:
    sql = "UPDATE batches SET settings = ? WHERE id = ?"
    place.write(lambda c: c.execute(sql, (json.dumps(values), batch)))


def judge(place: Place, job: int, turn: int, score: float, prompt: str, **checks: str) -> None:
    """An iteration with checks of its judge, and the prompt that it was generated from."""
    place.turn(job, turn, score)
    lines = [{"name": name, "verdict": verdict} for name, verdict in checks.items()]

    def write(connection: Any) -> None:
        of = "WHERE job_id = ? AND scope = ? AND name = ?"
        scope = f"iteration-{turn}"
        values = json.dumps({"checks": lines}), job, scope, "evaluate"
        connection.execute(f"UPDATE steps SET result = ? {of}", values)
        values = json.dumps({"prompt": prompt}), job, scope, "generate"
        connection.execute(f"UPDATE steps SET request = ? {of}", values)

    place.write(write)


@pytest.fixture
def two(place: Place) -> tuple[int, int]:
    """The same entry in two batches; the best iteration of the first is not its newest."""
    jobs = []
    for name, rounds in (("plain", 2), ("longer", 6)):
        batch = place.batch(name, ["fox"])
        settings(place, batch, rounds=rounds, size="512x512")
        jobs.extend(place.job_ids(batch))
        place.claim(1)
    judge(place, jobs[0], 1, 60, "a fox in snow", fox="met", snow="unmet")
    judge(place, jobs[0], 2, 40, "a fox at night", fox="unmet", snow="unmet")
    judge(place, jobs[1], 1, 80, "a fox in deep snow", fox="met", snow="met")
    return jobs[0], jobs[1]


async def test_the_best_of_two_batches_with_what_differs(
    place: Place, two: tuple[int, int]
) -> None:
    for job, score in zip(two, (60, 80), strict=True):
        place.end(job, score)
    async with running(place.dashboard(), (120, 50)) as pilot:
        await shows(pilot, "plain", "longer")
        await comparing(pilot)
        await shows(
            pilot, f"60.0 j{two[0]} fox", f"80.0 j{two[1]} fox", "+20.0", "rounds  ",
            "✗", "1 the same", "deep", "2 steps as it ran",
        )  # fmt: skip
        await pilot.press("c")
        await shows(pilot, "of whole jobs, m keeps")


async def test_batches_without_results_have_nothing_to_compare(place: Place) -> None:
    place.batch("one", ["a"])
    place.batch("two", ["b"])
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "b2")
        await pilot.press("equals_sign")
        await shows(pilot, "Mark two or more batches with results")


async def test_jobs_without_files_and_scores_are_compared_by_their_results(place: Place) -> None:
    ids = place.job_ids(place.batch("words", ["one", "two"]))
    place.claim(2)
    for job, prompt in zip(ids, ("a lighthouse", "a harbour"), strict=True):
        step = place.step(job, "", "write")
        result(place, step, "prompt", {"prompt": prompt})
        place.end(job)
    async with running(place.dashboard(), (100, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)  # no part has a family: the job and its neighbour
        await until(pilot, lambda: [c.split()[1] for c in captions(pilot)] == ["one", "two"])
        await shows(pilot, "a lighthouse", "a harbour", "a queues one again: 1 step as it ran")


def test_a_change_of_one_job_reads_no_other_again(place: Place) -> None:
    ids = [
        *place.job_ids(place.batch("one", ["a", "b"])),
        *place.job_ids(place.batch("two", ["c"])),
    ]
    other = place.job_ids(place.batch("three", ["d"]))[0]
    place.claim(4)
    for job in (*ids, other):
        place.turn(job, 1, 50.0)
    view = BestOfJobs(ids, ids[0], Headlines())
    connection, reads = place.store.reader(), list[str]()
    connection.set_trace_callback(reads.append)

    def read() -> tuple[Candidate, ...]:
        reads.clear()
        return view.read(connection, 0).candidates

    first, whole = read(), len(reads)
    unchanged = 2 + 2  # the jobs, their versions, and their two batches
    place.turn(other, 2, 90.0)
    assert all(map(is_, read(), first))
    assert len(reads) == unchanged
    place.turn(ids[1], 2, 90.0)
    second = read()
    assert [one is before for one, before in zip(second, first, strict=True)] == [True, False, True]
    assert dict(second[1].scores)["score"] == 90.0
    assert len(reads) == unchanged + (whole - unchanged) // 3
    place.write(lambda c: rate(c, ids[0], "", 5, "", "me"))
    assert read()[0].rating == "5"
    connection.close()


async def test_checks_of_both_come_first_and_settings_and_prompt_are_seen(place: Place) -> None:
    jobs = []
    for name, rounds in (("plain", 2), ("longer", 6)):
        batch = place.batch(name, [name])
        settings(place, batch, rounds=rounds)
        jobs.extend(place.job_ids(batch))
        place.claim(1)
    ones = {f"one {number}": "met" for number in range(12)}
    guesses = {"guess": "unknown", "hunch": "unknown"}
    judge(place, jobs[0], 1, 60, "a fox in snow", **ones, **guesses, glow="met")
    judge(place, jobs[1], 1, 80, "a fox in deep snow", glow="unmet")
    for job, score in zip(jobs, (60, 80), strict=True):
        place.end(job, score)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "plain", "longer")
        await comparing(pilot)
        await shows(pilot, "rounds", "glow", "one 0", "deep", "2 steps as it ran")
        text = seen(pilot.app)
        assert text.index("rounds") < text.index("glow") < text.index("one 0")
        assert "guess" not in text
        assert "c Choose" not in text
        scores, prompt = (
            pilot.app.screen.query_one(name).region for name in ("#scores", "#prompt")
        )
        assert prompt.x > scores.right - 1
    async with running(place.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "plain", "longer")
        await comparing(pilot)
        await shows(pilot, "rounds", "glow")


async def test_a_job_that_failed_promises_no_image(place: Place) -> None:
    ids = place.job_ids(place.batch("words", ["broken", "later"]))
    place.claim(1)
    place.fail(ids[0], "Refused.")
    async with running(place.dashboard(), (100, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await shows(pilot, "No image.", "No image yet.")


async def test_one_mark_is_compared_with_the_cursor(place: Place) -> None:
    ids = place.job_ids(place.batch("words", ["poor", "middling", "good"]))
    place.claim(3)
    for job, score in zip(ids, (10, 50, 90), strict=True):
        place.turn(job, 1, score)
        place.end(job, score)
    async with running(place.dashboard(), (100, 40)) as pilot:
        await open_first(pilot)
        await pilot.press("space", "G")
        await until(pilot, lambda: pilot.app.screen.rows.current.key == "good")
        await comparing(pilot)
        await until(pilot, lambda: [c.split()[2] for c in captions(pilot)] == ["poor", "good"])


async def test_nothing_is_missing_while_it_is_drawn(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.compare.CompareScreen._put", lambda *given: None)
    ids = place.job_ids(place.batch("words", ["one", "two"]))
    place.claim(2)
    for job in ids:
        place.end(job)
    async with running(place.dashboard(), (100, 40)) as pilot:
        await open_first(pilot)
        await comparing(pilot)
        await shows(pilot, "…")
        assert "No image" not in seen(pilot.app)


async def test_two_prompts_with_little_in_common_are_both_shown(place: Place) -> None:
    prompts = {
        "one": "a red fox at the edge of a wood",
        "two": "steam over coffee at dawn",
    }
    for key, prompt in prompts.items():
        (job,) = place.job_ids(place.batch(key, [key], prompt=prompt))
        place.claim(1)
        place.turn(job, 1, 50)
        place.end(job, 50)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "one", "two")
        await comparing(pilot)
        await shows(pilot, "two prompts", *prompts.values())


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("a fox", "a fox in snow", 1),
        ("a fox", "the sea", 0),
        ("a fox", "a lamp", 0.5),
        ("", "a", 0),
    ],
)
def test_the_share_of_words(before: str, after: str, share: float) -> None:
    assert shared_words(before, after) == share
