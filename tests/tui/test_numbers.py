"""Numbers and bars that mean what they seem to mean."""

import json

from db.queries.inspect import glance
from db.queries.spending import spending
from db.writes.commands import add_decision
from db.writes.jobs import retry_jobs
from engine.client.views.recipe_info import Headlines
from engine.text import figures
from tests.tui.storyboards import film
from tests.tui.support import Place, running, shows, until
from tests.tui.test_film_screen import read
from tui.snapshots.batch import BatchView
from tui.snapshots.job import JobView

TONES = ("done", "failed", "cancelled", "parked", "paused", "running", "queued")


def bar(total: int, width: int = 14, **counts: int) -> str:
    runs = figures.bar([(counts.get(tone, 0), tone) for tone in TONES], total, width)
    assert sum(len(text) for text, _ in runs) == width
    return "".join(text for text, _ in runs)


def test_a_bar_shows_what_has_ended() -> None:
    assert bar(12, queued=12) == "░" * 14
    assert bar(12, parked=12) == "░" * 14
    assert bar(12, paused=12) == "░" * 14
    assert bar(12, running=1, queued=11) == "▏" + "░" * 13
    assert bar(12, done=9, failed=3) == "█" * 10 + "▓" * 4
    assert bar(12, done=6, running=6) == "█" * 7 + "▏" + "░" * 6
    assert bar(12, cancelled=12) == "▒" * 14


def test_a_bar_is_full_only_once_all_have_ended_and_hides_nothing_that_has() -> None:
    assert bar(100_000, done=99_999, queued=1) == "█" * 13 + "░"
    assert bar(100_000, done=99_998, failed=1, running=1) == "█" * 12 + "▓" + "▏"
    assert bar(100_000, failed=1, done=99_999) == "█" * 13 + "▓"
    assert bar(0) == "░" * 14


async def test_done_counts_what_is_done(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", [f"job-{n}" for n in range(12)]))
    place.claim(12)
    for job in ids[:9]:
        place.end(job, 50)
    for job in ids[9:]:
        place.fail(job, "No.")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "  9/12     3 ")


def test_calls_of_what_costs_nothing_are_counted(place: Place) -> None:
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.step(job, "iteration-1", "generate")
    again = place.step(job, "iteration-2", "generate")
    noted = {"attempt": 1, "request_id": None, "status": "done", "error": None}
    noted |= {"wait_seconds": None, "cost": 5, "tokens_in": 1, "tokens_out": 2}
    noted |= {"started_at": "2026-11-01T10:00:00.000000Z"}
    noted |= {"finished_at": "2026-11-01T10:00:01.000000Z"}
    place.step(job, "iteration-3", "generate", calls=[noted, noted | {"attempt": 2}])
    place.write(lambda c: c.execute("UPDATE steps SET attempts = 3 WHERE id = ?", (again,)))
    connection = place.store.reader()
    (line,) = spending(connection)
    connection.close()
    assert (line.steps, line.calls) == (3, 1 + 3 + 2)


def test_a_films_verdict_is_its_own(place: Place) -> None:
    job = film(place, scenes=3)
    values = [[[1.0, 0.5, 0.4], [0.5, 1.0, 0.3], [0.4, 0.3, 1.0]]]
    compared = {
        "likenesses": [{"measure": "palette", "method": "m", "higher_is_more_similar": True}]
    }
    compared["likenesses"][0]["values"] = values[0]
    images = [
        {"hash": row[0], "media_type": "image/png", "size": 1}
        for row in place.read(
            "SELECT hash FROM artifacts a JOIN steps s ON s.id = a.step_id"
            " WHERE s.scope LIKE '%variation-4' ORDER BY a.id"
        )
    ]
    step = place.step(job, "", "compare")
    place.write(
        lambda c: c.execute(
            "UPDATE steps SET kind = 'similarity', request = ?, result = ? WHERE id = ?",
            (json.dumps({"images": images}), json.dumps(compared), step),
        )
    )
    place.end(job, 72.5)
    view = JobView(job, Headlines())
    view.selected = 0
    connection = place.store.reader()
    detail = view.read(connection, 1).detail
    beside = glance(connection, job, "score")
    connection.close()
    assert detail.critique is None
    assert [(s.metric, s.value, s.scorer) for s in detail.scores] == [("score", 72.5, "3 parts")]
    assert [(r.label, r.values) for r in detail.sheet.rows] == [
        ("scene 1", (55,)), ("scene 2", (55,)), ("scene 3", (55,)),
    ]  # fmt: skip
    assert detail.drawn.title == "similarity"
    heading, names, *rows = ("".join(s.text for s in line) for line in detail.drawn.lines.lines)
    assert heading == "palette: higher is more alike"
    assert names.split() == ["scene", "1", "scene", "2", "scene", "3"]
    assert [[float(v) for v in row.split()[2:]] for row in rows] == values[0]
    assert (beside.critique, beside.prompt) == (None, "a lamp")


def decide(place: Place, job: int, key: str, value: object) -> None:
    """As the engine does when somebody decides something of a job that is done."""
    place.write(lambda c: add_decision(c, job, key, value, "operator"))
    place.write(lambda c: retry_jobs(c, [place._job(c, job)]))


def test_old_scores_are_marked_until_the_job_has_ended_again(place: Place) -> None:
    job = film(place, scenes=2, variations=2)
    place.end(job, 55)
    before = read(place, job)
    assert not any(node.outdated for node in before.nodes)
    decide(place, job, "scene-2/select", 1)
    during = read(place, job, "scene-2")
    old = {node.label.removesuffix(" …") for node in during.nodes if node.outdated}
    assert "scene 2" in old
    assert during.job.outdated
    assert [turn.outdated for turn in during.turns] == [True, True]
    first = next(n for n in during.nodes if n.scope.startswith("scene-1/iteration-1"))
    assert not first.outdated, "what comes before the decision is as it was"
    place.claim(1)
    place.end(job, 40)
    assert not any(node.outdated for node in read(place, job, "scene-2").nodes)


async def test_an_old_score_is_grey_in_list_and_job(place: Place) -> None:
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.turn(job, 1, 81.5)
    place.end(job, 81.5)
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await shows(pilot, "81.5")
        decide(place, job, "iteration-1/prompt", "a lamp")
        rows = pilot.app.screen.rows
        await until(pilot, lambda: rows.current and rows.current.outdated)
        place.claim(1)
        place.turn(job, 2, 90)
        await until(pilot, lambda: not rows.current.outdated)


def test_a_jobs_time_is_in_the_list_and_is_read_once(place: Place) -> None:
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.turn(job, 1, 81.5)
    place.end(job, 81.5)
    begin, end = "2026-11-01T10:00:00.000000Z", "2026-11-01T10:00:05.000000Z"
    times = "UPDATE steps SET started_at = ?, finished_at = ?"
    place.write(lambda c: c.execute(times, (begin, end)))
    view = BatchView(1, Headlines())
    connection = place.store.reader()
    reads: list[str] = []
    connection.set_trace_callback(reads.append)
    found = [view.read(connection, n).rows[0].time for n in (1, 2)]
    connection.close()
    assert found == ["5.0s", "5.0s"]
    assert sum("attempts > 1" in sql for sql in reads) == 1
