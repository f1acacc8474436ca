"""The shot list and the board: for spreadsheets and for paper, whatever the texts are."""

import csv
import io
import json
import re
import zlib
from pathlib import Path

import pytest

from engine.cli.app import main
from tests.support.films import Shooting

pytestmark = pytest.mark.usefixtures("one_process")

HOSTILE = "red \x1b]0;owned\x07\x1b[31m\u202eexe <b>bold</b> [a](javascript:b) (x) \\) end"


def shooting_of(folder: Path, scene: str = "A harbour", **settings: object) -> Shooting:
    shooting = Shooting(folder)
    entry = {
        "id": "film",
        "prompt": f"A spot: {scene}",
        "target_duration": 10,
        "scenes": [
            {"id": "one", "prompt": scene, "notes": "Slow", "duration": 4},
            {"prompt": "Mara lifts the cup"},
        ],
        "subjects": [{"name": "Mara", "description": "a woman in red"}],
    }
    shooting.run(json.dumps(entry), preset="simple", **settings)
    return shooting


def rows(shooting: Shooting) -> list[dict[str, str]]:
    text = (shooting.folder / "shot_list.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def streams(pdf: bytes) -> bytes:
    """All that a PDF draws, inflated."""
    parts = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    inflated = []
    for part in parts:
        try:
            inflated.append(zlib.decompress(part))
        except zlib.error:
            continue
    return b"".join(inflated)


def test_a_row_says_what_is_shot_when_and_what_came_of_it(tmp_path: Path):
    first, second = rows(shooting_of(tmp_path))
    assert (first["scene"], first["id"], first["start"], first["end"]) == (
        "1",
        "one",
        "0.000",
        "4.000",
    )
    assert (second["start"], second["end"], second["seconds"]) == ("4.000", "10.000", "6.000")
    assert (first["shows"], second["shows"]) == ("", "Mara")
    assert (first["action"], first["notes"], first["image"]) == ("A harbour", "Slow", "scene_1.png")
    assert second["prompt"] == "Mara lifts the cup. Mara: a woman in red."
    assert float(first["quality"]) > 0


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@sum", "\t=1"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str):
    first, _ = rows(shooting_of(tmp_path, f"{start} boats"))
    assert first["action"].lstrip("'").strip().startswith(start.strip())
    assert first["action"][0] not in "=+-@\t"


def test_the_board_and_the_list_are_drawn_as_plain_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.recipes.storyboard.board._font_files", tuple)
    shooting = shooting_of(tmp_path, HOSTILE)
    for name in ("board.pdf", "shot_list.pdf"):
        data = (shooting.folder / name).read_bytes()
        assert data.startswith(b"%PDF-")
        assert not re.search(rb"/(?:JS|JavaScript|URI|Launch|AA|EmbeddedFile)\b", data)
        drawn = streams(data)
        assert b"<b>bold" in drawn
        assert b"\x1b" not in drawn
    assert "\x1b" not in (shooting.folder / "shot_list.csv").read_text()
    assert (shooting.folder / "board.pdf").read_bytes().count(b"/Subtype /Image") == 2


def test_other_scripts_have_fonts_if_this_machine_has_some(tmp_path: Path):
    from engine.recipes.storyboard.board import _font_files

    data = (shooting_of(tmp_path, "Ключ — гавань").folder / "board.pdf").read_bytes()
    assert (b"/FontFile2" in data) == bool(_font_files())


def test_without_fonts_letters_of_other_scripts_are_question_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.recipes.storyboard.board._font_files", tuple)
    data = (shooting_of(tmp_path, "Ключ at sea").folder / "board.pdf").read_bytes()
    assert b"???? at sea" in streams(data)


def test_an_export_writes_the_same_bytes_again(tmp_path: Path):
    shooting = shooting_of(tmp_path)
    names = ("board.pdf", "shot_list.pdf", "shot_list.csv")
    before = {name: (shooting.folder / name).read_bytes() for name in names}
    for name in names:
        (shooting.folder / name).unlink()
    assert main(["export", "b1", "-w", str(shooting.workspace.paths.root)]) == 0
    assert {name: (shooting.folder / name).read_bytes() for name in names} == before


def test_many_scenes_take_several_pages(tmp_path: Path):
    shooting = Shooting(tmp_path)
    scenes = [{"prompt": f"scene {n} " + "long words " * 60} for n in range(8)]
    shooting.run(json.dumps({"scenes": scenes}), preset="simple")
    pdf = (shooting.folder / "board.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 2
    assert len(rows(shooting)) == 8


def test_a_storyboard_without_all_images_has_a_list_and_no_board(tmp_path: Path):
    from engine.contract import ImageRequest
    from tests.support.films import Crew

    def fails(request: object) -> bool:
        return isinstance(request, ImageRequest) and "second" in request.prompt

    shooting = Shooting(tmp_path, Crew(fails=fails))
    shooting.run("scenes: [{prompt: first}, {prompt: second}]\n", preset="simple")
    assert [row["image"] for row in rows(shooting)] == ["scene_1.png", ""]
    assert not (shooting.folder / "board.pdf").exists()
