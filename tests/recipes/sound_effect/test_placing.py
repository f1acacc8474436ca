"""Takes on the events of a film: the step, its files, and what goes wrong."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio.wav import write_float_wav
from engine.client.workspace import Workspace
from engine.contract import Blocked, Permanent
from engine.intake.problems import InputError
from engine.recipes.sound_effect.placing import PlaceRequest, lay_steps
from engine.recipes.sound_effect.report import SoundReport
from engine.testing.context import MemoryContext
from tests.audio.spatial.test_steps import clicks
from tests.recipes.sound_effect.sounds import catalog
from tests.support.optional import needs
from tests.support.sofa import write_head

needs("soundfile", "scipy", "sofar")

pytestmark = pytest.mark.usefixtures("one_process")

EVENTS = {
    "spatial_data": [
        {
            "timestamp": 0.4 + 0.6 * number,
            "foot_side": ("LEFT", "RIGHT")[number % 2],
            "x_position": 100 + 250 * number,
            "hip_heel_pixel_distance": 80,
            "confidence": 0.9,
        }
        for number in range(4)
    ],
    "video_info": {"width": 1000, "duration": 3.0},
}


def _run(root: Path, prompt: str = "boots on marble", **fields: Any) -> Workspace:
    root.mkdir(exist_ok=True)
    (root / "events.json").write_text(json.dumps(EVENTS))
    source = root / "entries.json"
    entry = {"id": "walk", "prompt": prompt, "seed": 3, "events": "events.json", **fields}
    source.write_text(json.dumps([entry]))
    workspace = Workspace(root / "w", create=True, catalog=catalog())
    settings = {"audio_length": 3.0, "num_variations": 2, "max_iterations": 1}
    workspace.run("sound-effect", source, settings=settings)
    return workspace


def _report(workspace: Workspace) -> SoundReport:
    [report] = workspace.results("b1")
    assert isinstance(report, SoundReport)
    return report


def _placed(root: Path, mode: str) -> tuple[Any, Any]:
    """Samples and document of the steps on events in the folder of a job."""
    import soundfile

    folder = root / "w" / "outputs" / "sound_effects" / "walk"
    [sound] = folder.glob(f"*-{mode}.wav")
    document = json.loads(sound.with_suffix(".json").read_text())
    samples, rate = soundfile.read(sound, dtype="float32")
    assert rate == document["sample_rate"] == 48_000
    assert document["output_path"] == sound.name
    return samples, document


@pytest.mark.parametrize("mode", ["stereo", "binaural"])
def test_steps_are_laid_on_events_and_written_beside_the_takes(tmp_path: Path, mode: str) -> None:
    root = tmp_path / "job"
    root.mkdir()
    write_head(root / "head.sofa", step=15)
    workspace = _run(root, **({"hrtf": "head.sofa"} if mode == "binaural" else {}))
    report = _report(workspace)
    samples, document = _placed(root, mode)
    assert samples.shape == (3 * 48_000, 2)
    assert document["mode"] == mode
    assert {step["take"] for step in document["steps"]} == {report.kept}
    level = np.abs(samples).max(axis=1)
    for step in document["steps"]:
        frame = round(step["time"] * 48_000)
        assert frame - 9600 + int(level[frame - 9600 : frame + 9600].argmax()) == frame
    assert report.placed is not None
    assert report.placed.laid.audio.kind == "audio"
    [film] = [fact for fact in workspace.summary("b1") if fact.name == "film"]
    assert film.text == f"{document['output_path']}, 4 steps"
    assert film.data == {"output_path": document["output_path"], "mode": mode, "steps": 4}
    assert len(list((root / "w" / "outputs" / "sound_effects" / "walk").glob("*.wav"))) == 3


def test_another_take_is_laid_if_an_operator_chooses_it(tmp_path: Path) -> None:
    workspace = _run(tmp_path)
    other = 3 - (_report(workspace).kept or 0)
    workspace.command("decide", ["j1"], {"key": "select", "value": other})
    workspace.follow("b1")
    _, document = _placed(tmp_path, "stereo")
    assert {step["take"] for step in document["steps"]} == {other}


def test_takes_stay_if_they_have_no_steps(tmp_path: Path) -> None:
    workspace = _run(tmp_path, "rain on a roof")
    report = _report(workspace)
    assert "film" not in {fact.name for fact in workspace.summary("b1")}
    assert report.state == "done"
    assert report.kept
    assert report.placed is None


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"events": "bad.json"}, "events", "'bad.json' cannot be used: entry 2, timestamp"),
        ({"events": "gone.json"}, "events", "does not exist"),
        ({"events": "pipe"}, "events", "is a named pipe"),
        ({"events": [{"timestamp": 1}]}, "events", "must be the path of a file of events"),
        ({"hrtf": "bad.json"}, "hrtf", "'bad.json' is not a SOFA file"),
        ({"events": None, "hrtf": "head.sofa"}, "hrtf", "has no effect without events"),
    ],
)
def test_files_that_cannot_be_used_are_refused_before_queueing(
    tmp_path: Path, fields: dict[str, Any], field: str, reason: str
) -> None:
    (tmp_path / "bad.json").write_text('[{"timestamp": 1}, {"timestamp": "x"}]')
    write_head(tmp_path / "head.sofa", step=90)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError) as caught:
        _run(tmp_path, **fields)
    [problem] = caught.value.problems
    assert (problem.field or "") == field
    assert reason in problem.message


async def test_stored_files_that_cannot_be_used_fail_the_step() -> None:
    context = MemoryContext()
    request = PlaceRequest(
        sounds=(context.give(b"no sound", "audio/wav"),),
        events=context.give(b"[{}]", "application/json"),
        field_of_view=60,
        seed=1,
    )
    with pytest.raises(Permanent, match="Steps cannot be laid"):
        await lay_steps(request, context)


async def test_a_missing_reader_blocks_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sofar", None)
    context = MemoryContext()
    wav = write_float_wav(clicks(0.5, 1.1, 1.8).samples, 48_000)
    request = PlaceRequest(
        sounds=(context.give(wav, "audio/wav"),),
        events=context.give(b'[{"timestamp": 1}]', "application/json"),
        hrtf=context.give(b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
        field_of_view=60,
        seed=1,
    )
    with pytest.raises(Blocked, match="sofar is missing"):
        await lay_steps(request, context)
