"""The form in an app: what is typed is read, what is wrong is said, what is right is queued."""

import json
from typing import Any

import pytest
from textual import events
from textual.widgets import Input, Static
from textual_fspicker.parts import CurrentDirectory, DirectoryNavigation

from db.queries import batches as batch_queries
from db.store import Store
from engine.client.inputs import read_input
from engine.client.workspace import Workspace
from engine.config.paths import WorkspacePaths
from engine.plugins.catalog import EntryPointCatalog
from tests.tui.support import until
from tui.early_keys import KeepsEarlyKeys
from tui.screens.new_batch import NewBatchScreen, estimator
from tui.screens.new_batch import estimated_form as screen_module
from tui.screens.new_batch.field_row import FieldRow
from tui.screens.new_batch.picker import InputPicker
from tui.screens.new_batch.problems import ProblemList
from tui.screens.new_batch.readiness import read_readiness
from tui.theming import install, variable_defaults

NONE_YET = "none yet"


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("a lighthouse\na boat\n")
    return path


class Forms(KeepsEarlyKeys):
    def __init__(self, screen):
        super().__init__()
        install(self, screen._root / "no-themes")
        self.form = screen
        self.result = NONE_YET

    def get_theme_variable_defaults(self):
        return variable_defaults()

    def on_mount(self):
        self.push_screen(self.form, self._done)

    def _done(self, result):
        self.result = result


async def ready(pilot, form):
    await until(pilot, lambda: form.form.chosen is not None and None not in form.form.check())


def said(form, selector):
    return str(form.query_one(selector, Static).render())


def row(form, name):
    return form.query_one(f"#field-{name}", FieldRow)


def fill(form, name, value):
    row(form, name).control_widget.value = value


def send(app, keys):
    """Keys as one read of a terminal gives them: none waits for what the one before does."""
    names = {".": "full_stop", "_": "underscore"}
    for key in keys:
        event = events.Key(names.get(key, key), key if len(key) == 1 else None)
        event.set_sender(app)
        app._driver.send_message(event)


def batches(root):
    reader = Store(WorkspacePaths(root).store).reader()
    try:
        return [batch_queries.batch(reader, number) for number in (1, 2)]
    finally:
        reader.close()


@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.slow)])
async def test_a_batch_is_queued_by_keys_alone(root, prompts, size, monkeypatch):
    monkeypatch.chdir(prompts.parent)
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=size) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: app.focused is row(form, "entry-prompt").control_widget)
        await pilot.press(*prompts.name)
        await until(pilot, lambda: app.focused is row(form, "file").control_widget)
        await until(pilot, lambda: "2 entries" in said(form, "#summary"))
        await pilot.press("enter", "tab", "tab", *"my batch", "enter", *"11", "enter", "home", "4")
        assert row(form, "priority").value == "40"
        while app.focused is not row(form, "max-iterations").control_widget:
            await pilot.press("tab")
        await pilot.press("backspace", "2")
        await until(pilot, lambda: row(form, "max-iterations").value == "2")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    batch, other = batches(root)
    assert other is None
    assert app.result == 1
    assert (batch.name, batch.seed, batch.priority, batch.queued) == ("my batch", 11, 40, 2)
    assert json.loads(batch.settings)["max_iterations"] == 2
    assert batch.source == prompts.name


async def test_keys_that_come_all_at_once_are_taken_in_their_order(root, prompts, monkeypatch):
    monkeypatch.chdir(prompts.parent)
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: app.focused is row(form, "entry-prompt").control_widget)
        await pilot.press("tab")
        text = ["x", "backspace", *prompts.name, "enter"]
        batch = [*"batch", "home", *"my", "enter", *"12", "backspace", "1", "enter", "home", "4"]
        send(
            app,
            [*text, "tab", "x", "shift+tab", "tab", "backspace", "tab", *batch, "ctrl+s"],
        )
        await until(pilot, lambda: app.result != NONE_YET)
    batch, _ = batches(root)
    assert (batch.name, batch.seed, batch.priority, batch.queued) == ("mybatch", 11, 40, 2)


async def test_a_recipe_that_was_just_chosen_is_the_one_that_is_queued(root, prompts, monkeypatch):
    queued = []

    def queue(self, request):
        queued.append((request.recipe, set(request.settings)))
        return "b1"

    monkeypatch.setattr(Workspace, "queue_request", queue)
    catalog = EntryPointCatalog()
    catalog.recipes["toy"] = "tests.support.toys:TOY"
    app = Forms(NewBatchScreen(root, catalog=catalog, path=prompts))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        row(form, "recipe").control_widget.value = "toy"
        send(app, ["ctrl+s"])
        await until(pilot, lambda: app.result != NONE_YET)
    assert queued == [("toy", {"text", "steps", "together"})]


async def test_a_form_whose_fields_are_not_there_yet_queues_nothing(root, prompts):
    app = Forms(NewBatchScreen(root, path=prompts))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app.form)
        rows = app.form.form.rows("settings")
        await rows["max_iterations"].query(".control").remove()
        assert app.form.form.check()[0] is None
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.result == NONE_YET
    assert batches(root) == [None, None]


@pytest.mark.parametrize(("button", "result"), [("#queue", 1), ("#leave", None)])
async def test_the_buttons_do_what_their_keys_do(root, prompts, button, result):
    app = Forms(NewBatchScreen(root, path=prompts))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app.form)
        await pilot.click(button)
        await until(pilot, lambda: app.result != NONE_YET)
    assert app.result == result


async def test_mistakes_of_the_file_are_listed_and_nothing_is_queued(root, tmp_path):
    path = tmp_path / "bad.json"
    entries = [{"prompt": "a"}, {"prompt": "b", "heigth": 3}, *[{"prompt": 5}] * 30]
    path.write_text(json.dumps(entries))
    app = Forms(NewBatchScreen(root, path=path))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        problems = form.query_one(ProblemList)
        await until(pilot, lambda: problems.has_class("-any"))
        shown = str(problems.query_one(Static).render())
        assert shown.startswith("✗ entry 2, field 'heigth': is not a known field; did you mean")
        assert "31 problems" in str(problems.border_title)
        assert problems.max_scroll_y > 0
        problems.focus()
        await pilot.press("end")
        await pilot.pause()
        assert problems.scroll_y > 0
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not form._queueing and said(form, "#summary") != "Queueing…")
        assert "nothing was queued" in said(form, "#summary")
        path.write_text(json.dumps(entries[:1]))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "1 entry" in said(form, "#summary"))
        assert not problems.has_class("-any")
    assert batches(root) == [None, None]


async def test_mistakes_of_settings_stand_at_their_fields(root, prompts):
    app = Forms(NewBatchScreen(root, path=prompts))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        fill(form, "max-iterations", "0")
        fill(form, "seed", "x")
        await until(pilot, lambda: row(form, "seed").error and row(form, "max-iterations").error)
        assert row(form, "max-iterations").error == "must be at least 1, and is '0'"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert app.focused is row(form, "seed").control_widget
        fill(form, "seed", "")
        await until(pilot, lambda: not row(form, "seed").error)
    assert app.result == NONE_YET
    assert batches(root) == [None, None]


async def test_without_a_file_one_is_asked_for(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app.form)
        await pilot.press("ctrl+s")
        wrong = "type a prompt, or choose a file"
        await until(pilot, lambda: row(app.form, "entry-prompt").error == wrong)
        assert app.focused is row(app.form, "entry-prompt").control_widget
        await pilot.press("escape")
        await until(pilot, lambda: app.result is None)


@pytest.mark.parametrize(
    "typed", ["/no/such/file.json", "~nobody-at-all/x", "/", "a\0b", "\x1b[2J"]
)
async def test_a_path_that_leads_nowhere_is_said(root, typed):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        fill(form, "file", typed)
        if "\0" in typed:
            await pilot.pause()
            await pilot.press("ctrl+s")
            await until(pilot, lambda: row(form, "entry-prompt").error)
            return
        await until(pilot, lambda: row(form, "file").error)
        assert not any(ord(c) < 32 for c in row(form, "file").error)


async def test_help_follows_the_field(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app.form)
        assert "A prompt, in your own words" in said(app.form, "#help")
        row(app.form, "max-iterations").focus_control()
        await pilot.pause()
        assert "1 to 20" in said(app.form, "#help")
        assert isinstance(row(app.form, "image").control_widget, Input)


async def test_a_setting_that_is_on_or_off_says_so_in_words(root):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app.form)
        control = row(app.form, "vary-seed")
        assert control.value is False
        assert str(control.control_widget.label) == "off"
        control.focus_control()
        await pilot.press("space")
        assert control.value is True
        assert str(control.control_widget.label) == "on"


async def test_another_recipe_has_its_own_form(root, prompts):
    catalog = EntryPointCatalog()
    catalog.recipes["toy"] = "tests.support.toys:TOY"
    catalog.recipes["broken"] = "no.such.module:X"
    app = Forms(NewBatchScreen(root, catalog=catalog, path=prompts))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        assert "The recipe broken cannot be loaded" in said(form, "#loading")
        row(form, "recipe").control_widget.value = "toy"
        await until(pilot, lambda: "together" in form.form.rows("settings"))
        assert set(form.form.rows("settings")) == {"text", "steps", "together"}
        await until(pilot, lambda: "2 entries" in said(form, "#summary"))


async def test_a_refusal_of_the_queue_is_said_and_the_form_stays(root, prompts, tmp_path):
    app = Forms(NewBatchScreen(root, path=prompts))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        await until(pilot, lambda: "2 entries" in said(form, "#summary"))
        WorkspacePaths(root).store.unlink()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "There is no Safelight store" in said(form, "#summary"))
        assert not form.query_one("#form").disabled
        assert app.result == NONE_YET


async def test_a_wrong_settings_file_is_said(root):
    (root / "safelight.toml").write_text("[engine]\njobs_in_flight = 0\n")
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "jobs_in_flight" in said(app.form, "#loading"))
        await pilot.press("ctrl+s", "escape")
        await until(pilot, lambda: app.result is None)


def test_reading_stops_when_nobody_wants_it(tmp_path):
    path = tmp_path / "many.txt"
    path.write_text("".join(f"prompt {number}\n" for number in range(5000)))
    recipe = EntryPointCatalog().recipe("refine")
    reports: list[Any] = []
    whole = read_input(path, recipe, reports.append, lambda: False)
    assert (whole.entries, whole.finished) == (5000, True)
    assert [reading.entries for reading in reports] == [1000, 2000, 3000, 4000, 5000]
    part = read_input(path, recipe, reports.append, lambda: True)
    assert (part.entries, part.finished) == (1000, False)


async def test_the_picker_lists_only_names_that_can_be_shown(root, tmp_path, prompts, monkeypatch):
    folder = tmp_path / "[" / "x]"  # together `[/x]`, which markup would end something with
    folder.mkdir(parents=True)
    (folder / "good.json").write_text("[]")
    (folder / "bad\x1b[2J.json").write_text("[]")
    (folder / "notes.md").write_text("")
    (folder / "dir\x9b31m").mkdir()
    monkeypatch.chdir(folder)
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app.form)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, InputPicker))
        listed = app.screen.query_one(DirectoryNavigation)
        await until(pilot, lambda: listed.option_count == 2)
        names = [
            listed.get_option_at_index(i).location.name  # type: ignore[attr-defined]
            for i in range(2)
        ]
        assert names == ["..", "good.json"]
        assert "[/x]" in str(app.screen.query_one(CurrentDirectory).render())
        await pilot.press("down")
        await pilot.resize_terminal(41, 11)  # no room for a line of the list
        await pilot.press("pageup", "pagedown")
        await pilot.resize_terminal(80, 24)
        await pilot.press("home")
        await pilot.press("down", "enter")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.form)
        assert row(app.form, "file").value == str(folder / "good.json")


async def test_it_says_what_the_batch_would_take_and_what_backends_lack(root, prompts, monkeypatch):
    readiness = {"image": {"builtin": "", "fal": "FAL_KEY"}, "text": {}}
    monkeypatch.setattr(screen_module, "read_readiness", lambda root: readiness)
    monkeypatch.setattr(estimator, "ESTIMATE_AFTER", 0.01)
    app = Forms(NewBatchScreen(root, path=prompts))
    async with app.run_test(size=(120, 50)) as pilot:
        await ready(pilot, app.form)
        await until(pilot, lambda: "2 entries, 4 to " in said(app.form, "#summary"))
        assert "costs nothing" in said(app.form, "#summary")
        assert "needs" not in said(app.form, "#summary")
        row(app.form, "image").control_widget.value = "fal,builtin"
        await until(pilot, lambda: "fal needs FAL_KEY." in said(app.form, "#summary"))
        await until(pilot, lambda: ", $0." in said(app.form, "#summary"))
        row(app.form, "image").control_widget.value = "nobody"
        await until(pilot, lambda: "there is no nobody" in row(app.form, "image").error)


def test_readiness_is_asked_in_a_process_of_its_own(root):
    found = read_readiness(root)
    assert found["image"]["builtin"] == ""
    assert "FAL_KEY" in found["image"]["fal"]
    assert "fal" not in found["text"]


async def test_a_storyboard_under_refine_is_offered_its_own_recipe(root, tmp_path):
    path = tmp_path / "coffee.yaml"
    path.write_text("id: coffee\nscenes:\n- id: harbour\n  prompt: boats at dawn\n")
    screen = NewBatchScreen(root, path=path)
    screen._guess.settled = True  # by the operator: otherwise it would be changed at once
    async with Forms(screen).run_test(size=(100, 40)) as pilot:
        await until_said(pilot, screen, "This is a file for storyboard: ^t selects that recipe.")
        await pilot.press("ctrl+t")
        await until_said(pilot, screen, "1 entry")
        assert screen.form.chosen.recipe.name == "storyboard"


async def until_said(pilot, screen, text):
    await until(pilot, lambda: text in str(screen.summary.render()), text)
