"""Each mistake of the form is one sentence at its field, which gets the cursor."""

from pathlib import Path

import pytest

from tests.tui.new_batch.test_new_batch_screen import (
    NONE_YET,
    Forms,
    batches,
    fill,
    ready,
    row,
)
from tests.tui.support import until
from tui.screens.new_batch.path_suggester import completed
from tui.screens.new_batch.problems import ProblemList
from tui.screens.new_batch.screen import NewBatchScreen
from tui.screens.new_batch.sources import is_file_name


@pytest.fixture
def files(tmp_path) -> Path:
    folder = tmp_path / "files"
    (folder / "folder").mkdir(parents=True)
    (folder / "binary.txt").write_bytes(b"\x9a" * 100)
    (folder / "long.txt").write_text("x" * 5_000_000)
    (folder / "empty.txt").write_text("")
    (folder / "broken.json").write_text('{"prompt": ')
    return folder


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("missing.txt", "does not exist; did you mean 'long.txt'?"),
        ("folder", "is a folder, not a regular file"),
        ("binary.txt", "line 1: is not UTF-8: byte 0x9A at offset 0; save it as UTF-8"),
        ("long.txt", "line 1: is longer than the 1 MiB that a line may have"),
        ("empty.txt", "holds no entries"),
        ("broken.json", "line 1: is not JSON: Expecting value at column 12"),
    ],
)
async def test_a_file_that_cannot_be_read_is_said_at_its_field(root, files, name, wrong):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        fill(form, "file", str(files / name))
        row(form, "seed").focus_control()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.focused is row(form, "file").control_widget)
        assert row(form, "file").error == wrong
        assert not form.query_one(ProblemList).has_class("-any")
        assert row(form, "file").value == str(files / name)
        (files / "lamps.txt").write_text("a lamp\n")
        fill(form, "file", str(files / "lamps.txt"))
        await until(pilot, lambda: not row(form, "file").error)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)
    assert batches(root)[0].queued == 1


async def test_a_path_that_is_being_typed_need_not_exist_yet(root, files):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        await pilot.press("tab")
        fill(form, "file", str(files / "lamp"))
        await until(pilot, lambda: form.form.trouble)
        assert not row(form, "file").error
        await pilot.press("tab")
        await until(pilot, lambda: row(form, "file").error == "does not exist")
        (files / "lamp").write_text("a lamp\n")  # mended on the disk
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.result != NONE_YET)


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("budget", "-1", "must be at least 0.0, and is '-1'"),
        ("budget", "1e12", "must be at most 1000000.0, and is '1e12'"),
        ("budget", "nan", "must be"),
        ("budget", "much", "must be a number, and is 'much'"),
        ("seed", "1.5", "must be a whole number"),
        ("priority", "", "must be a whole number"),
        ("max-iterations", "99", "must be at most 20, and is '99'"),
        ("image", "bultin", "there is no bultin; did you mean builtin? ^b lists what there is."),
    ],
)
async def test_a_value_that_cannot_be_is_said_at_its_field(root, name, text, wrong):
    app = Forms(NewBatchScreen(root))
    async with app.run_test(size=(80, 24)) as pilot:
        form = app.form
        await ready(pilot, form)
        fill(form, "entry-prompt", "a lamp")
        fill(form, name, text)
        await until(pilot, lambda: row(form, name).error.startswith(wrong))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.focused is row(form, name).control_widget)
        assert (row(form, name).value, row(form, "entry-prompt").value) == (text, "a lamp")
        assert form.form.region.contains_region(row(form, name).region)
    assert batches(root)[0] is None


def test_a_path_is_told_from_a_prompt(files, monkeypatch):
    monkeypatch.chdir(files)
    (files / "two words.png").write_text("")
    (files / "fox").write_text("")
    for text in ("missing.txt", "no/such/prompts.JSON", "two words.png", str(files / "long.txt")):
        assert is_file_name(text)
    for text in ("", "fox", "a fox.", "see prompts.txt", "folder", "a\nb.txt", "x" * 5000 + ".txt"):
        assert not is_file_name(text)


def test_a_path_is_completed_a_name_at_a_time(files, monkeypatch):
    (files / "folder" / "bad\x1b[2J.txt").write_text("")
    (files / "a-ring").symlink_to("a-ring")
    monkeypatch.chdir(files)
    assert completed("a-r") == "a-ring"
    assert completed("fo") == "folder/"
    assert completed("folder") == "folder/"
    assert completed(f"{files}/lo") == f"{files}/long.txt"
    for text in ("folder/b", "", "folder/", "nowhere/x", "a\0", "~nobody-at-all/x"):
        assert completed(text) is None
