"""The list that draws only what is seen."""

from dataclasses import dataclass

from textual.app import App, ComposeResult

from tests.tui.support import until
from tui.widgets.columns import ListColumn
from tui.widgets.rows import Rows


@dataclass(frozen=True)
class Row:
    id: int


COLUMNS: tuple[ListColumn[Row], ...] = (
    ListColumn("name", 4, lambda row: [(f"row {row.id}", "")], grow=1),
    ListColumn("score", 5, lambda row: [("74.6", "")], right=True),
)


class Listed(App[None]):
    """A list in a small terminal."""

    def compose(self) -> ComposeResult:
        yield Rows(COLUMNS)

    def get_css_variables(self) -> dict[str, str]:
        from tui import theming

        return {**super().get_css_variables(), **theming.variable_defaults()}


async def test_rows_make_room_for_a_scrollbar_that_comes_and_goes() -> None:
    app = Listed()
    async with app.run_test(size=(30, 10)) as pilot:
        rows = app.query_one(Rows)
        for count in (3, 50, 3):
            rows.set_rows(count, 0, [Row(number) for number in range(count)])
            await until(pilot, lambda n=count: rows.show_vertical_scrollbar == (n > 9))
            await pilot.pause()
            lines = [strip.text for strip in app.screen._compositor.render_strips()[1:4]]
            room = rows.scrollable_content_region.width
            assert [line[:room].rstrip()[-4:] for line in lines] == ["74.6"] * 3, count
            assert {len(line[:room].rstrip()) for line in lines} == {room}, count
