"""Lines of one row that hold more than there is room for end where the row ends."""

from db.clock import now
from db.rows import LaneRow
from db.writes.engines import report_lanes
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_job_screen import open_job


async def test_the_lanes_line_is_cut_in_the_middle_of_a_name(place: Place) -> None:
    place.batch("evening", ["one"])
    lanes = [
        LaneRow(f"a-backend-{n}@127.0.0.1:8188", "open", None, None, 0, 2, None, 0, 0, now())
        for n in range(4)
    ]
    place.write(lambda c: report_lanes(c, lanes))
    async with running(place.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "a-backend-1 0/0")
        line = next(line for line in seen(pilot.app).splitlines() if " lanes " in line)
        assert line.rstrip().endswith(" · a-backen…")


async def test_a_jobs_line_is_cut_in_the_middle_of_its_message(place: Place) -> None:
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.park(job, "key", f"toy needs {'A' * 90} before it can do anything.")
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_job(pilot)
        await until(pilot, lambda: "toy needs AAAA" in seen(pilot.app).splitlines()[2])
        assert seen(pilot.app).splitlines()[2].rstrip().endswith("…")
