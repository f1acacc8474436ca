"""The recipe of a file: guessed from the file alone, whatever was typed on the way to its name."""

from pathlib import Path

import pytest
from textual import events

from tests.support.media_files import wav
from tests.tui.new_batch.test_new_batch_screen import (
    NONE_YET,
    Forms,
    batches,
    fill,
    ready,
    row,
    said,
    send,
)
from tests.tui.support import until
from tui.screens.new_batch.screen import NewBatchScreen


@pytest.fixture
def songs(tmp_path) -> Path:
    """A folder with a sound, prompts and a film; as a folder it fits only visual-prompts."""
    folder = tmp_path / "songs"
    folder.mkdir()
    (folder / "rain.wav").write_bytes(wav())
    (folder / "snow.wav").write_bytes(b"RIFF, cut off")
    (folder / "lamps.txt").write_text("a red lamp\na blue lamp\n")
    (folder / "film.yaml").write_text("prompt: a kite\ntarget_duration: 8\n")
    return folder


async def shown(pilot, form, recipe: str, text: str) -> None:
    await until(pilot, lambda: form.form.chosen.recipe.name == recipe)
    await until(pilot, lambda: None not in form.form.check() and text in said(form, "#summary"))


async def test_a_text_of_prompts_is_for_refine_after_its_folder_was_read(root, songs):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        fill(form, "file", f"{songs}/")
        await shown(pilot, form, "visual-prompts", "The recipe fits the file")
        fill(form, "file", f"{songs}/lamps.txt")
        await shown(pilot, form, "refine", "2 entries")
        fill(form, "file", f"{songs}/film.yaml")
        await shown(pilot, form, "storyboard", "1 entry")


async def test_a_chosen_recipe_stays_whatever_file_is_named(root, songs):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        row(form, "recipe").control_widget.value = "visual-prompts"
        await until(pilot, lambda: form.form.chosen.recipe.name == "visual-prompts")
        fill(form, "file", f"{songs}/film.yaml")
        await shown(pilot, form, "visual-prompts", "^t selects that recipe")


@pytest.mark.parametrize(("name", "recipe"), [("lamps.txt", "refine"), ("film.yaml", "storyboard")])
async def test_a_path_that_is_pasted_and_queued_at_once_has_its_own_recipe(
    root,
    songs,
    name,
    recipe,
):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        row(form, "file").focus_control()
        await until(pilot, lambda: app.focused is row(form, "file").control_widget)
        fill(form, "file", f"{songs}/")
        await shown(pilot, form, "visual-prompts", "The recipe fits the file")
        app.focused.post_message(events.Paste(name))
        send(app, ["ctrl+s"])
        await until(pilot, lambda: app.result != NONE_YET)
    batch, _ = batches(root)
    assert batch.recipe == recipe


async def test_an_answer_about_an_earlier_path_is_not_taken(root, songs):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        row(form, "file").focus_control()
        await until(pilot, lambda: app.focused is row(form, "file").control_widget)
        fill(form, "file", f"{songs}/film.yaml")
        await until(pilot, lambda: form._reader.number and form._reader.reading is not None)
        earlier = form._reader.number
        fill(form, "file", f"{songs}/lamps.txt")
        await until(pilot, lambda: form._reader.number > earlier)
        await shown(pilot, form, "refine", "2 entries")
