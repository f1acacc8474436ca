"""Features of music, measures and prompts, drawn as lines of any width."""

from typing import Any

import pytest

from engine.contract.kinds import Item, Lines, Size
from engine.kinds.drawing import draw_beside, draw_full
from engine.text.wrapping import cells
from tests.support.music import no_features
from tests.support.pieces import PROMPTS, creativity, piece

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202eevil\r\nnext[bold]"


def drawn(kind: str, data: Any, columns: int = 80, request: Any = None) -> list[str]:
    found = draw_full(Item(kind, data=data, request=request), Size(columns, 200))
    assert isinstance(found, Lines)
    return ["".join(span.text for span in line).rstrip() for line in found.lines]


def named(lines: list[str]) -> dict[str, str]:
    return {line.split()[0]: line for line in lines if line and not line.startswith(" ")}


@pytest.mark.parametrize("columns", [47, 80, 160])
def test_features_of_music_fit_any_width(columns: int) -> None:
    lines = drawn("features", {"features": piece().model_dump(mode="json"), "abc": "X:1"}, columns)
    assert max(map(cells, lines)) <= columns
    rows = named(lines)
    assert rows["key"] == "key       C# minor  ████▊  0.80 or A minor 0.40"
    assert rows["tempo"].split()[1:3] == ["121", "bpm"]
    assert [part.strip() for part in rows["sections"].split("▏")[1:]] == ["A", "B", "A"]
    assert rows["heard"].endswith("12 samples are clipped.")


def test_chords_take_as_many_lines_as_they_need_to_be_read() -> None:
    features = piece().model_dump(mode="json")
    wide = "\n".join(drawn("features", features, 200))
    narrow = drawn("features", features, 47)
    assert "0:10" not in [line[:4] for line in wide.splitlines()]
    assert [line[:4] for line in narrow if line[:2] == "0:"] == ["0:10", "0:20"]
    text = " ".join(narrow)
    assert {"C#m", "A", "B", "F#m", "–"} <= {part.strip() for part in text.split("▏")}


def test_notes_are_a_roll_from_high_to_low() -> None:
    lines = drawn("features", piece().model_dump(mode="json"), 80)
    first = next(n for n, line in enumerate(lines) if line.startswith("melody"))
    roll = lines[first : first + 6]
    assert all(set(line[10:]) <= set(" ▀▄█") for line in roll)
    assert any(line[10:].strip() for line in roll)
    assert lines[first + 6].strip() == "mixed, C#4 to C#5, 0.7 notes/s"


def test_keys_and_chords_are_spelled_as_musicians_write_them() -> None:
    features = piece().model_dump(mode="json")
    features["key"] |= {"tonic": "A#", "mode": "major", "runner_up": "D# major"}
    features["chords"] = [{"start": 0.0, "end": features["seconds"], "label": "D#"}]
    shown = "\n".join(drawn("features", features, 120))
    assert "Bb major" in shown
    assert "Eb major" in shown
    assert "▏Eb" in shown
    assert "D#" not in shown


def test_features_that_are_not_defined_say_why() -> None:
    features = no_features().model_copy(update={"undefined": {"key": f"It is noise. {HOSTILE}"}})
    lines = drawn("features", features.model_dump(mode="json"))
    assert "key: It is noise." in named(lines)["undefined"]
    assert "owned" not in "".join(lines)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e6])
def test_a_length_of_any_kind_is_drawn(seconds: float) -> None:
    features = piece().model_copy(update={"seconds": seconds})
    assert "C# minor" in drawn("features", features.model_dump(mode="json"))[0]


def test_measures_are_bars_and_counts_are_numbers() -> None:
    lines = drawn("measures", creativity(), 90)
    assert lines[0].split() == ["1", "2", "3", "4", "5"]
    rows = named(lines[1:])
    assert list(rows) == [
        "fluency", "flexibility", "originality", "elaboration", "fit", "coherence", "overall",
        "words",
    ]  # fmt: skip
    assert "█" in rows["fit"]
    assert "█" not in rows["words"]
    assert "–" in drawn("measures", [{"a": 5.5}, {"a": None}])[1]


@pytest.mark.parametrize("data", [None, [], {}, {"measures": 5}, [5], [{"a": "b"}], [{"a": 1e9}]])
def test_measures_of_another_shape_are_drawn_somehow(data: Any) -> None:
    assert drawn("measures", data)


def test_a_prompt_is_wrapped_with_how_it_was_asked_for_and_its_author() -> None:
    written = {"visual_prompt": PROMPTS[0], "author": "builtin rule-1"}
    terms = {"mode": "convergent", "temperature": 0.4, "number": 1}
    lines = drawn("prompt", written, 30, terms)
    assert lines[0] == "convergent, 0.4, 29 words"
    assert " ".join(lines[1:-1]) == PROMPTS[0]
    assert lines[-1] == "builtin rule-1"


@pytest.mark.parametrize("text", [HOSTILE, "東京タワー" * 40, "x" * 300, "", "a\n\nb"])
def test_any_prompt_fits_its_column(text: str) -> None:
    for lines in draw_beside([Item("prompt", data={"prompt": text})] * 2, Size(20, 50)):
        assert isinstance(lines, Lines)
        found = ["".join(span.text for span in line) for line in lines.lines]
        assert all(cells(line) <= 20 for line in found)
        assert "owned" not in "".join(found)


def test_a_result_without_a_prompt_is_data() -> None:
    assert drawn("prompt", {"other": 1})[0] == "{"
