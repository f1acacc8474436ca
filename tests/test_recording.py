"""The recorder of the dashboard's asciicast: output over time, without long pauses or questions."""

import json
import sys
from pathlib import Path

from bench.recording import LONGEST_PAUSE, Recording, record

CAST = Path(__file__).parents[1] / "docs" / "images" / "tour.cast"
MAX_BYTES = 1_500_000


def test_a_program_is_recorded_as_it_writes(tmp_path: Path) -> None:
    code = "import sys; print('hello \\x1b[6n ä'); print(input()[::-1])"
    recording = record(
        [sys.executable, "-c", code],
        [("", 0.1), ("abc\r", 3.0)],
        size=(40, 5),
        title="hello",
        environment={"PYTHONUTF8": "1"},
        folder=tmp_path,
    )
    recording.write(tmp_path / "hello.cast")
    header, *events = map(json.loads, (tmp_path / "hello.cast").read_text().splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 40, 5)
    text = "".join(event[2] for event in events)
    assert "ä" in text and "cba" in text
    assert "\x1b[6n" not in text


def test_long_pauses_are_cut_and_bursts_are_one_event() -> None:
    recording = Recording((10, 2), "")
    for at, text in ((0.1, "a"), (0.105, "b"), (60.0, "c"), (60.5, "\x1b[6n")):
        recording.add(at, text)
    assert recording.shortened().events == [(0.1, "ab"), (0.1 + LONGEST_PAUSE, "c")]


def test_the_recording_of_the_readme_can_be_played() -> None:
    lines = CAST.read_text(encoding="utf-8").splitlines()
    header, events = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
    assert header["version"] == 2
    assert CAST.stat().st_size < MAX_BYTES
    times = [event[0] for event in events]
    assert times == sorted(times)
    assert {event[1] for event in events} == {"o"}
    assert "safelight" in "".join(event[2] for event in events)
