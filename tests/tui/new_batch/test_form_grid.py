"""A grid from the form: axes and choices become jobs, and an axis that is none is refused."""

from engine.client.workspace import Workspace
from tests.tui.new_batch.test_new_batch_screen import (
    NONE_YET,
    Forms,
    batches,
    fill,
    ready,
    row,
)
from tests.tui.support import until
from tui.screens.new_batch import NewBatchScreen
from tui.screens.new_batch.field_row import FieldRow


async def test_axes_and_choices_are_queued_as_a_grid(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: form.query("#field-entry-prompt"))
        fill(form, "entry-prompt", "a {red|blue} fox")
        fill(form, "axes", "sed")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "is not an axis" in row(form, "axes").error)
        assert batches(root)[0] is None
        fill(form, "axes", 'seed=1..3; mood="calm; still",wild')
        form.query_one("#field-dynamic", FieldRow).control_widget.value = True
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    assert batches(root)[0].queued == 12
    with Workspace(root) as workspace:
        first, *_ = workspace.jobs("b1")
    assert first.cell == {"choice": "red", "seed": "1", "mood": "calm; still"}
