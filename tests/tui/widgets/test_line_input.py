"""A line of text that takes all of what is pasted, as far as it fits."""

from textual import events
from textual.app import App, ComposeResult

from tui.widgets.line_input import LineInput


class Lines(App[None]):
    def compose(self) -> ComposeResult:
        yield LineInput("ab", max_length=8, select_on_focus=False)


async def test_of_a_paste_that_is_too_long_what_fits_is_taken() -> None:
    async with Lines().run_test() as pilot:
        line = pilot.app.query_one(LineInput)
        line.focus()
        line.post_message(events.Paste("cd\nefghijk"))
        await pilot.pause()
        assert line.value == "abcd efg"
