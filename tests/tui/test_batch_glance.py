"""The selected batch at a glance, and what failed by the same cause."""

import json

from db.queries.digest import SampledJob, StuckJob, sampled_jobs
from tests.tui.support import Place, running, shows, until
from tui.snapshots.batch_glance import group_causes, histogram, spend_curve
from tui.widgets.sheet import Sheet


def stuck(*messages: str, state: str = "failed", reason: str | None = None) -> list[StuckJob]:
    return [StuckJob(number, state, reason, text) for number, text in enumerate(messages, 1)]


def test_failures_are_grouped_whatever_numbers_they_name() -> None:
    causes = group_causes(
        stuck("Out of memory: 512 MiB", "Refused by 'guard'", "Out of memory: 8 MiB")
    )
    assert [(cause.text, cause.jobs) for cause in causes] == [
        ("Out of memory: 512 MiB", (1, 3)),
        ("Refused by 'guard'", (2,)),
    ]
    assert group_causes(stuck("\x1b[2Jboo", ""))[1].text == "no message"
    assert "\x1b" not in group_causes(stuck("\x1b[2Jboo"))[0].text


def test_parked_jobs_are_grouped_apart_from_failures_and_approvals_from_both() -> None:
    jobs = [
        *stuck("No key."),
        *stuck("No key.", state="parked", reason="key"),
        *stuck("No key.", state="parked", reason="approval"),
    ]
    assert [cause.state for cause in group_causes(jobs)] == ["failed", "parked", "waiting"]


def test_histogram_and_spend_curve() -> None:
    assert histogram([], 0, 100) == ()
    bars = histogram([0, 1, 50, 100], 0, 100)
    assert (bars[0], bars[8], bars[15], sum(bars)) == (2, 1, 1, 4)
    assert sum(histogram([7, 7], 7, 7)) == 2
    jobs = [SampledJob(None, 10, f"2026-01-01T00:00:{second:02d}") for second in range(32)]
    curve = spend_curve(jobs, 640)
    assert (curve[0], curve[-1]) == (40, 640)
    assert list(curve) == sorted(curve)
    assert spend_curve(jobs, 0) == ()


def test_a_sample_is_spread_over_a_batch(place: Place) -> None:
    batch = place.batch("many", [f"k{i}" for i in range(5000)])
    connection = place.store.reader()
    sample = sampled_jobs(connection, batch, 5000)
    assert len(sample) == 1000
    assert len(sampled_jobs(connection, batch, 7)) == 7
    connection.close()


async def test_the_jobs_of_one_cause_are_retried(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["a", "b", "c", "good"]))
    place.claim(4)
    for id_, message in zip(ids, ("Refused (1).", "Out of memory.", "Refused (2)."), strict=False):
        place.fail(id_, message)
    place.turn(ids[3], 1, 80)
    place.end(ids[3], 80)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "✗ 2 × Refused (1).", "✗ 1 × Out of memory.", "80.0 good")
        await pilot.press("F")
        await shows(pilot, "Retry what failed, resume what is parked", "✗ 1 × Out of memory.")
        await pilot.press("enter")
        sql = "SELECT targets FROM commands WHERE verb = 'retry'"
        await until(pilot, lambda: len(place.read(sql)) == 2)
        targets = [json.loads(row[0])[0] for row in place.read(sql)]
        assert [target["job"] for target in targets] == [ids[0], ids[2]]


async def test_parked_jobs_of_one_cause_are_resumed_from_the_batch(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["a", "b"]))
    place.claim(2)
    place.park(ids[0], "key", "No key for openai.")
    place.park(ids[1], "quota", "Empty.")
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "evening")
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press("F")
        await shows(pilot, "◆ 1 × No key for openai.", "◆ 1 × Empty.")
        await pilot.press("2")
        sql = "SELECT targets FROM commands WHERE verb = 'resume'"
        await until(pilot, lambda: place.read(sql))
        assert [json.loads(row[0])[0]["job"] for row in place.read(sql)] == [ids[1]]


async def test_f_shows_only_faults_in_the_list_of_batches_as_in_a_batch(place: Place) -> None:
    ids = place.job_ids(place.batch("bad", ["a"]))
    place.claim(1)
    place.fail(ids[0], "No.")
    place.batch("good", ["a"])
    async with running(place.dashboard()) as pilot:
        rows = pilot.app.screen.rows
        await until(pilot, lambda: rows.total == 2)
        await pilot.press("f")
        await until(pilot, lambda: rows.total == 1)
        assert rows.current.name == "bad"
        await pilot.press("f")
        await until(pilot, lambda: rows.total == 2)


async def test_the_sheet_of_batches_shows_the_best_of_each(place: Place) -> None:
    for number, name in enumerate(("dusk", "dawn")):
        job = place.job_ids(place.batch(name, ["one"]))[0]
        place.claim(1)
        place.turn(job, 1, 60 + number)
        place.end(job, 60 + number)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total == 2)
        await pilot.press("2")
        await shows(pilot, "[2 sheet]", "61.0 dawn", "60.0 dusk", "▀")
        sheet = pilot.app.screen.query_one(Sheet)
        await until(pilot, lambda: sheet.has_focus)
        await pilot.press("l", "enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await shows(pilot, "b1 dusk")


async def test_batches_are_sorted(place: Place) -> None:
    for name in ("b", "c", "a"):
        place.batch(name, ["one"])
    async with running(place.dashboard()) as pilot:
        rows = pilot.app.screen.rows
        await until(pilot, lambda: rows.total == 3)
        await pilot.press("s")
        await shows(pilot, "Order of the list", "by name")
        await pilot.press("a")
        await until(pilot, lambda: [rows.row(i).name for i in range(3)] == ["a", "b", "c"])
        await shows(pilot, "by name ▾")
