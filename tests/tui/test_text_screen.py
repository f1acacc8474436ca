"""The pager: whole texts with search, of any size, clean, and in other programs."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from engine.text.errors import UserError
from tests.tui.support import Place, running, seen, shows, until
from tui.screens.text import Searched
from tui.snapshots.subject import Subject
from tui.snapshots.texts import Texts, WholeText, formatted, read_texts
from tui.text.lines import MAX_LINE, TextLines
from tui.text.programs import EDITOR, PAGER, edit_in, program, show_in
from tui.text.wrapped import spans
from tui.widgets.pager import Pager

LONG = "\n".join(f"line {number} of it" for number in range(1, 501))


def test_lines_of_any_size_have_their_numbers() -> None:
    lines = TextLines(("é" * 5000 + "\nsecond\n\n").encode())
    assert [lines.number(index) for index in range(len(lines))] == [1, None, None, 2, 3]
    assert "".join(lines[index] for index in range(3)) == "é" * 5000
    assert max(len(line.encode()) for line in lines) <= MAX_LINE
    assert [*TextLines.of("")] == [""]
    assert [*TextLines.of("a\n\nb")] == ["a", "", "b"]


def test_a_log_is_read_line_by_line_and_clean(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"one\x1b]52;c;aGk=\x07\x1b[2Jtwo\r\n\tthree \xff\n\xe2\x80\xaefour")
    lines = TextLines.read(path)
    assert [*lines] == ["onetwo", "    three \ufffd", "four"]
    path.write_bytes(b"")
    assert [*TextLines.read(path)] == [""]


def test_a_search_finds_lines_over_the_borders_of_its_parts() -> None:
    data = b"x" * (2**20 - 3) + b"needle\n" + b"Needle\n" * 3
    lines = TextLines(data)
    matches = lines.search("needle")
    assert [lines.number(index) for index in matches[1:]] == [2, 3, 4]
    assert lines.search("Needle") == matches[1:]
    assert lines.search("no.dle") == []


@pytest.mark.parametrize(
    ("line", "columns", "parts"),
    [
        ("short", 10, ["short"]),
        ("some words here", 8, ["some ", "words ", "here"]),
        ("a" * 12, 5, ["aaaaa", "aaaaa", "aa"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("", 5, [""]),
    ],
)
def test_lines_are_wrapped_by_cells(line: str, columns: int, parts: list[str]) -> None:
    assert [line[begin:end] for begin, end in spans(line, columns)] == parts


def failing(place: Place) -> int:
    (job,) = place.job_ids(place.batch("evening", ["one"], prompt="a lamp"))
    place.claim(1)
    place.fail(job, "The provider refused it.\n" + LONG, "Change the prompt.")
    return job


async def test_the_whole_error_of_the_first_row_is_one_key(place: Place) -> None:
    failing(place)
    async with running(place.dashboard(), size=(80, 24)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await until(pilot, lambda: pilot.app.screen.rows.current)
        await pilot.press("v")
        await shows(pilot, "The provider refused it.", "error", "prompt", "line 15 of it")
        await pilot.press("G")
        await shows(pilot, "Change the prompt.", "line 500 of it")
        await pilot.press("slash", *"line 77 ", "enter")
        await shows(pilot, "line 77 of it", "1 of 1 lines with 'line 77 '")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")


async def test_next_matches_go_around(place: Place) -> None:
    app: Any = place.dashboard()
    async with running(app, size=(80, 24)) as pilot:
        app.show_text("t", LONG)
        await shows(pilot, "line 1 of it")
        await pilot.press("slash", *"99 of", "enter")
        await shows(pilot, "1 of 5 lines")
        await pilot.press("n", "n", "n", "n")
        await shows(pilot, "5 of 5 lines", "line 499 of it")
        await pilot.press("n")
        await shows(pilot, "1 of 5 lines", "line 99 of it")
        await pilot.press("N")
        await shows(pilot, "5 of 5 lines", "line 499 of it")


async def test_a_search_that_ends_after_the_next_one_is_not_shown(place: Place) -> None:
    app: Any = place.dashboard()
    async with running(app, size=(80, 24)) as pilot:
        app.show_text("t", LONG)
        await shows(pilot, "line 1 of it")
        await pilot.press("slash", *"99 of", "enter")
        await shows(pilot, "1 of 5 lines")
        lines = app.screen.pager.lines
        late = Searched("7", lines.search("7"), lines)
        app.screen.post_message(late)
        await pilot.pause()
        await shows(pilot, "1 of 5 lines with '99 of'")
        await pilot.press("escape")
        app.screen.post_message(late)
        await pilot.pause()
        assert app.screen.pager.words == ""


async def test_numbers_and_wrapping(place: Place) -> None:
    app: Any = place.dashboard()
    async with running(app, size=(60, 12)) as pilot:
        app.show_text("t", "first " + "word " * 20 + "end\nsecond")
        await shows(pilot, "end", "second")
        await pilot.press("number_sign")
        await shows(pilot, "1  first", "2  second")
        await pilot.press("w")
        await until(pilot, lambda: "end" not in seen(app))
        await pilot.press(*["right"] * 10)
        await shows(pilot, "end")


async def test_tabs_show_each_text_and_hostile_ones_are_harmless(place: Place) -> None:
    app: Any = place.dashboard()
    hostile = "\x1b]0;owned\x07[red]no markup[/] \u202eevil"
    async with running(app) as pilot:
        texts = (WholeText("[b]a", hostile), WholeText("data", '{"b": [1, 2]}', "json"))
        app.show_texts(Texts("t", texts))
        await shows(pilot, "[red]no markup[/] evil", "[b]a")
        await pilot.press("tab")
        await shows(pilot, '"b": [')
        await pilot.press("shift+tab")
        await shows(pilot, "[red]no markup[/] evil")


async def test_a_growing_log_is_followed_at_its_end(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.text.FOLLOW_SECONDS", 0.05)
    path = tmp_path / "engine.log"
    path.write_text("".join(f"entry {number}\n" for number in range(200)))
    app: Any = place.dashboard()
    async with running(app, size=(80, 24)) as pilot:
        app.show_texts(Texts("log", (WholeText("log", kind="log", path=path),)))
        await shows(pilot, "entry 199")
        with path.open("a") as file:
            file.write("entry 200 ERROR\n")
        await shows(pilot, "entry 200 ERROR")
        await pilot.press("g")
        await shows(pilot, "entry 0")
        with path.open("a") as file:
            file.write("entry 201\n")
        pager = app.screen.query_one(Pager)
        await until(pilot, lambda: len(pager.lines) == 202)
        await shows(pilot, "entry 0")


async def test_a_file_that_is_gone_is_a_sentence(place: Place, tmp_path: Path) -> None:
    app: Any = place.dashboard()
    async with running(app) as pilot:
        gone = WholeText("trace", kind="trace", path=tmp_path / "gone")
        app.show_texts(Texts("t", (gone,)))
        await shows(pilot, "It cannot be read")


def test_a_trace_is_shown_by_request_and_reply() -> None:
    request = {"method": "POST", "url": "https://x/y", "headers": {"a": "b"}, "body": {"n": 1}}
    reply = {"status": 400, "headers": {}, "seconds": 0.5, "body": "refused"}
    trace = {"backend": "toy", "exchanges": [{"at": "t", "request": request, "reply": reply}]}
    text = formatted(WholeText("trace", kind="trace"), json.dumps(trace))
    assert "── request POST https://x/y\na: b" in text
    assert '"n": 1' in text
    assert "── reply 400" in text
    assert text.endswith("refused")
    assert formatted(WholeText("trace", kind="trace"), "{no json") == "{no json"


def read(place: Place, subject: Subject) -> Texts:
    connection = place.store.reader()
    try:
        return read_texts(connection, subject, place.paths)
    finally:
        connection.close()


def test_the_texts_of_a_job_and_of_its_parts(place: Place) -> None:
    (job,) = place.job_ids(place.batch("evening", ["one"], prompt="a lamp"))
    place.claim(1)
    place.turn(job, 1, 40, prompt="a lamp at dusk", text="too dark")
    step = place.step(job, "iteration-2", "generate")
    titles = [text.title for text in read(place, Subject(1, job)).texts]
    assert titles == ["reasons", "prompt", "input", "events"]
    whole = read(place, Subject(1, job))
    assert "too dark\nmissing: a moon\n  light: 0.5" in whole.texts[0].text
    assert whole.texts[1].text.index("a lamp at dusk") < whole.texts[1].text.rindex("a lamp")
    part = read(place, Subject(1, job, step))
    assert part.title == "j1 one › iteration-2/generate"
    assert [text.title for text in part.texts] == ["request", "result"]


def test_the_texts_of_a_batch_group_failures(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two", "three"]))
    place.claim(3)
    for job in ids[:2]:
        place.fail(job, "refused")
    place.fail(ids[2], "out of memory")
    failures = read(place, Subject(1)).texts[0]
    assert failures.title == "failures"
    assert failures.text.startswith("── 2 jobs failed, permanent\nrefused")
    assert "── 1 job failed, permanent\nout of memory" in failures.text


class LentTerminal(App[None]):
    """An app whose terminal is lent to other programs."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        yield


def test_an_editor_gives_the_text_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    monkeypatch.setenv("VISUAL", str(editor))
    for script, edited in [
        ("echo 'and a moth' >> \"$1\"", "a lamp\nand a moth"),
        ('echo lost > "$1"; exit 1', "a lamp"),
        ("true", "a lamp"),
    ]:
        editor.write_text(f"#!/bin/sh\n{script}\n")
        editor.chmod(0o755)
        assert edit_in(LentTerminal(), "a lamp", name="prompt.txt") == edited
    editor.write_text("#!/bin/sh\nprintf '\\377' > \"$1\"\n")
    with pytest.raises(UserError, match="no text in UTF-8; nothing is changed"):
        edit_in(LentTerminal(), "a lamp", name="prompt.txt")


def test_programs_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = tmp_path / "shown"
    script = tmp_path / "my pager"
    script.write_text(f"#!/bin/sh\ncat \"$2\" > '{shown}'; echo $1 >> '{shown}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PAGER", f"'{script}' -x")
    show_in(LentTerminal(), PAGER, ["one", "two"], name="error.txt")
    assert shown.read_text() == "one\ntwo\n-x\n"
    monkeypatch.setenv("VISUAL", "no-such-editor")
    with pytest.raises(Exception, match=r"no-such-editor.*Set \$VISUAL or \$EDITOR"):
        program(EDITOR)
    assert os.environ["PAGER"]
