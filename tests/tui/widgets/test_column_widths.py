"""Columns of lists are given other widths, by the mouse and by keys, and keep them."""

from tests.tui.support import Place, running, shows, until


def heads(rows) -> str:
    return rows._heading().text


async def test_an_edge_is_dragged_and_remembered(place: Place) -> None:
    place.job_ids(place.batch("things", ["a-lamp-with-a-long-name"]))
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "b1")
        rows = pilot.app.screen.rows
        wide = heads(rows)
        await pilot.mouse_down(rows, offset=(wide.index("recipe") - 1, 0))
        await pilot.hover(rows, offset=(24, 0))
        await pilot.mouse_up(rows, offset=(24, 0))
        await until(pilot, lambda: heads(rows).index("recipe") == 25)
        assert pilot.app.remembered.widths == {"column:batches:batch": 20}


async def test_keys_pick_a_column_and_widen_it(place: Place) -> None:
    place.batch("things", ["one"])
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "b1")
        rows, before = pilot.app.screen.rows, heads(pilot.app.screen.rows)
        await pilot.press("left_parenthesis", "left_parenthesis")
        await until(pilot, lambda: "‹batch›" in heads(rows))
        assert heads(rows).index("recipe") == before.index("recipe") - 4
        await pilot.press("right_curly_bracket", "right_parenthesis")
        await until(pilot, lambda: "‹recipe›" in heads(rows))
        assert len(pilot.app.remembered.widths) == 2
        await pilot.press("0")
        await until(pilot, lambda: heads(rows) == before)
        assert not pilot.app.remembered.widths
