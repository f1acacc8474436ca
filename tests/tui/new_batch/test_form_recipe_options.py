"""A recipe's own options in the form: flags named beside settings, and an entry without a file."""

import json

import pytest
from textual import events
from textual.widgets import OptionList

from engine.client.workspace import Workspace
from engine.queueing.queue import QueueOptions
from engine.recipes.refine import RECIPE as REFINE
from engine.recipes.storyboard import RECIPE as STORYBOARD
from tests.tui.new_batch.test_new_batch_screen import (
    NONE_YET,
    Forms,
    batches,
    fill,
    ready,
    row,
    said,
)
from tests.tui.support import until
from tui.screens.new_batch import estimated_form as screen_module
from tui.screens.new_batch import estimator
from tui.screens.new_batch.backends import BackendMenu, with_backend
from tui.screens.new_batch.field_row import FieldRow
from tui.screens.new_batch.fields import FormField, Value, fields_of
from tui.screens.new_batch.recipe_options import entry_fields, entry_of, with_flags
from tui.screens.new_batch.screen import NewBatchScreen
from tui.screens.new_batch.sources import FILE


@pytest.fixture(autouse=True)
def _estimates_at_once(_no_waiting, monkeypatch):
    monkeypatch.setattr(estimator, "ESTIMATE_AFTER", 0.01)


def test_a_setting_names_its_flag():
    fields = {f.name: f for f in with_flags(fields_of(REFINE.settings), REFINE)}
    assert fields["max_iterations"].help.endswith("Default: 3. Also --max-iterations.")
    assert "--" not in fields["target_score"].help


def test_the_fields_of_an_entry_may_be_empty():
    names = [field.name for field in entry_fields(STORYBOARD)]
    assert names == ["entry-prompt", "entry-target_duration", "entry-reference_image", "entry-id"]
    assert [field.name for field in entry_fields(REFINE)] == ["entry-prompt"]
    fields = {field.name: field for field in entry_fields(STORYBOARD)}
    held: list[tuple[FormField, Value]] = [
        (fields["entry-prompt"], " a kite "),
        (fields["entry-id"], " "),
        (FILE, True),
    ]
    assert entry_of(held) == {"prompt": "a kite"}


async def storyboard(pilot, form):
    await ready(pilot, form)
    form.form.take_recipe("storyboard")
    await until(pilot, lambda: form.form.chosen.recipe is STORYBOARD)
    await until(pilot, lambda: form.query("#field-entry-prompt"))
    await ready(pilot, form)


async def test_an_entry_is_queued_without_a_file(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await storyboard(pilot, form)
        fill(form, "entry-prompt", "a red kite over the sea")
        fill(form, "entry-target-duration", "7.5")
        await until(pilot, lambda: "1 entry" in said(form, "#summary"))
        await until(pilot, lambda: "steps" in said(form, "#summary"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    batch, _ = batches(root)
    assert (batch.name, batch.recipe, batch.queued) == ("a-red-kite-over-the-sea", "storyboard", 1)
    assert json.loads(batch.settings)["text"] == "builtin"


async def test_an_entry_and_a_file_are_one_too_many(root, tmp_path):
    path = tmp_path / "coffee.yaml"
    path.write_text("prompt: coffee\n")
    app = Forms(NewBatchScreen(root, path=path))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await storyboard(pilot, form)
        fill(form, "entry-prompt", "a kite")
        await pilot.press("ctrl+s")
        wrong = "give a prompt or a file, not both: clear one of them"
        await until(pilot, lambda: row(form, "file").error == wrong)
        form.form.take_recipe("refine")
        await until(pilot, lambda: list(form.form.rows("entry")) == ["entry-prompt"])
        assert form.form.entry == {"prompt": "a kite"}
    assert batches(root)[0] is None


async def test_what_is_wrong_with_an_entry_is_said(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await storyboard(pilot, form)
        fill(form, "entry-prompt", "a kite")
        fill(form, "entry-target-duration", "soon")
        await pilot.press("ctrl+s")
        duration = row(form, "entry-target-duration")
        await until(pilot, lambda: duration.error == "must be a number, and is 'soon'")
        await until(pilot, lambda: app.focused is duration.control_widget)
        assert form.form.entry == {"prompt": "a kite", "target_duration": "soon"}
        fill(form, "entry-target-duration", "7")
        await until(pilot, lambda: not duration.error)
    assert batches(root)[0] is None


async def test_a_prompt_typed_by_hand_is_queued_for_any_recipe_that_takes_one(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: form.query("#field-entry-prompt"))
        fill(form, "entry-prompt", "a fox")
        fill(form, "budget", "1.5")
        await until(pilot, lambda: "1 entry" in said(form, "#summary"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    batch, _ = batches(root)
    assert (batch.recipe, batch.queued, batch.budget) == ("refine", 1, 1_500_000)


async def test_what_is_queued_again_fills_the_form_and_shows_what_differs(root, tmp_path):
    path = tmp_path / "prompts.json"
    path.write_text('[{"id": "fox", "prompt": "a fox"}, {"id": "lamp", "title": "a lamp"}]')
    workspace = Workspace(root)
    settings = {"seed": 11, "max_iterations": 5}
    workspace.queue("refine", path, settings=settings, options=QueueOptions(priority=2))
    app = Forms(NewBatchScreen(root, again=workspace.read_again("b1")))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await ready(pilot, form)
        changed = {row.field.name for row in form.query(".-changed").results(FieldRow)}
        assert changed == {"name", "seed", "priority", "max_iterations"}
        await until(pilot, lambda: "2 entries" in said(form, "#summary"))
        assert "• max iterations 5, priority 2" in said(form, "#title")
        await until(pilot, lambda: app.focused is row(form, "entry-prompt").control_widget)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.focused is row(form, "max-iterations").control_widget)
        await pilot.press("3")
        await until(pilot, lambda: not row(form, "max-iterations").has_class("-changed"))
        await pilot.press("tab", "ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    _, again = batches(root)
    assert (again.name, again.seed, again.priority, again.queued) == ("prompts-2", 11, 2, 2)
    assert json.loads(again.settings)["max_iterations"] == 3


async def test_a_job_that_is_queued_again_has_its_prompt_in_the_form(root, tmp_path):
    path = tmp_path / "prompts.json"
    own = {"mood": "quiet", "width": 96, "height": 96}
    path.write_text(json.dumps([{"id": "fox", "prompt": "a fox", **own}]))
    workspace = Workspace(root)
    workspace.queue("refine", path)
    app = Forms(NewBatchScreen(root, again=workspace.read_again("j1")))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await ready(pilot, form)
        assert row(form, "entry-prompt").value == "a fox"
        fill(form, "entry-prompt", "a red fox")
        fill(form, "width", "128")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    entry = workspace.read_again("j2").request.entries[0]
    assert entry == {"id": "fox", "prompt": "a red fox", **own, "width": 128}


async def test_the_only_recipe_that_a_file_fits_is_chosen(root, tmp_path):
    path = tmp_path / "film.yaml"
    path.write_text("prompt: a kite\ntarget_duration: 8\n")
    app = Forms(NewBatchScreen(root, path=path))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: form.form.chosen.recipe is STORYBOARD)
        await until(pilot, lambda: "1 entry" in said(form, "#summary"))


def test_a_backend_replaces_the_others_or_follows_them():
    assert with_backend("openai,builtin", "fal") == "fal"
    assert with_backend("openai, builtin", "+fal") == "openai,builtin,fal"
    assert with_backend("openai,builtin", "+openai") == "builtin,openai"
    assert with_backend("", "+fal") == "fal"


async def test_backends_are_chosen_from_a_list_with_what_they_lack(root, monkeypatch):
    lacking = {"image": {"builtin": "", "openai": "OPENAI_API_KEY \x1b[2J"}}
    monkeypatch.setattr(screen_module, "read_readiness", lambda _root: lacking)
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: form._readiness)
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, BackendMenu))
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is row(form, "image").control_widget)
        await until(pilot, lambda: "^b lists them." in said(form, "#help"))
        await pilot.press("down")
        await until(pilot, lambda: isinstance(app.screen, BackendMenu))
        options = app.screen.query_one(OptionList)
        texts = {option.id: str(option.prompt) for option in options.options}
        assert texts["builtin"].endswith("ready") and "✓" in texts["builtin"]
        assert texts["openai"].endswith("needs OPENAI_API_KEY")
        assert options.options[-1].id == "openai"
        options.highlighted = options.get_option_index("openai")
        await pilot.press("enter")
        await until(pilot, lambda: row(form, "image").value == "openai")
        await pilot.click("#field-image .names")
        await until(pilot, lambda: isinstance(app.screen, BackendMenu))
        await pilot.press("plus")
        await until(pilot, lambda: row(form, "image").value == "openai,builtin")


@pytest.mark.parametrize(("what", "prompt"), [("b1", ""), ("j1", "a fox\nat night")])
async def test_what_is_queued_again_opens_at_its_prompt(root, tmp_path, what, prompt):
    path = tmp_path / "prompts.json"
    entries = [{"id": "fox", "prompt": "a fox\nat night"}, {"id": "owl", "prompt": "an owl"}]
    path.write_text(json.dumps(entries))
    workspace = Workspace(root)
    workspace.queue("refine", path, options=QueueOptions(priority=2, budget=3_000_000))
    app = Forms(NewBatchScreen(root, again=workspace.read_again(what)))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        control = row(form, "entry-prompt").control_widget
        await until(pilot, lambda: app.focused is control)
        assert control.value == prompt
        for name in ("entry-prompt", "budget", "priority"):
            assert form.form.region.contains_region(row(form, name).region)
        if what == "b1":
            assert "the prompts of b1" in str(control.placeholder)


async def test_a_prompt_that_is_cleared_is_not_queued_as_it_was(root, tmp_path):
    path = tmp_path / "prompts.json"
    path.write_text('[{"id": "fox", "prompt": "a fox"}]')
    workspace = Workspace(root)
    workspace.queue("refine", path)
    app = Forms(NewBatchScreen(root, again=workspace.read_again("j1")))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        fill(form, "entry-prompt", "")
        await pilot.press("ctrl+s")
        wrong = "is missing; give a prompt, or a title, scene or mood"
        await until(pilot, lambda: row(form, "entry-prompt").error == wrong)
        assert "Nothing was queued" in said(form, "#summary")
    assert batches(root)[1] is None


async def test_settings_of_a_preset_are_not_marked_as_changed(root, tmp_path):
    path = tmp_path / "coffee.yaml"
    path.write_text("prompt: coffee\n")
    workspace = Workspace(root)
    workspace.queue("storyboard", path, settings={"preset": "fast", "seed": 3})
    request = workspace.read_again("b1")
    assert "num_variations" not in request.request.settings
    app = Forms(NewBatchScreen(root, again=request))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: "• preset fast" in said(form, "#title"))
        assert said(form, "#title").endswith("• preset fast")
        row(form, "preset").control_widget.value = "balanced"
        await until(pilot, lambda: not form.form.changes)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    settings = json.loads(batches(root)[1].settings)
    assert (settings["preset"], settings["num_variations"]) == ("balanced", 4)


async def test_what_was_typed_is_there_when_a_recipe_is_chosen_again(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(120, 60)) as pilot:
        form = app.form
        await storyboard(pilot, form)
        fill(form, "entry-prompt", "a kite")
        fill(form, "entry-target-duration", "7.5")
        fill(form, "min-gain", "9")
        form.form.take_recipe("visual-prompts")
        await until(pilot, lambda: not row(form, "entry-prompt").display)
        assert form.form.entry == {}
        await storyboard(pilot, form)
        assert form.form.entry == {"prompt": "a kite", "target_duration": "7.5"}
        assert row(form, "min-gain").value == "9"
        assert form.form.changes == ["min gain 9"]


async def test_lines_that_are_pasted_are_all_taken(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        for name, lines in (("entry-prompt", "a fox\nat night"), ("name", "fox at night")):
            control = row(form, name).control_widget
            control.focus()
            await until(pilot, lambda control=control: app.focused is control)
            control.post_message(
                events.Paste("a fox\nat night".removeprefix("a " * (name == "name")))
            )
            await until(pilot, lambda name=name, lines=lines: row(form, name).value == lines)
