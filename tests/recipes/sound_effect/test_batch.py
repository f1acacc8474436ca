"""A batch from its input to its files, with the embedded backends."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio.decode import decode
from engine.audio.wav import write_float_wav
from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.contract import Artifact
from engine.recipes.sound_effect.documents import file_names, stem_of
from engine.recipes.sound_effect.judging import Judgement
from engine.recipes.sound_effect.report import SoundReport, TakeReport
from engine.recipes.sound_effect.steps import measured
from engine.text.errors import UserError
from tests.recipes.sound_effect.sounds import catalog
from tests.support.optional import needs

needs("soundfile", "scipy")

pytestmark = pytest.mark.usefixtures("module_in_one_process")

PROMISED = [
    "prompt",
    "checkpoint",
    "config",
    "output_path",
    "timestamp",
    "generation_time_seconds",
    "generation_time_minutes",
    "sample_rate",
    "audio_shape",
    "channels",
    "num_samples",
    "target_duration_seconds",
    "actual_duration_seconds",
    "max_amplitude",
    "rms",
    "peak_db",
    "rms_db",
    "phase_info",
    "cfg_scale",
    "diffusion_steps",
    "device",
    "success",
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the results of one sound effect with two prompts and two takes of each."""
    root = tmp_path_factory.mktemp("sounds")
    source = root / "entries.json"
    source.write_text(json.dumps([{"id": "boots", "prompt": "Boots on/../wood", "seed": 3}]))
    workspace = Workspace(root / "w", create=True, catalog=catalog())
    settings = {"audio_length": 1.0, "num_variations": 2, "target_score": 100}
    workspace.run("sound-effect", source, settings=settings)
    return root / "w" / "outputs" / "sound_effects"


def _documents(folder: Path) -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted((folder / "boots").glob("*.json"))]


def test_each_take_has_a_sound_and_a_document(ran: Path) -> None:
    sounds = sorted((ran / "boots").glob("*.wav"))
    documents = _documents(ran)
    assert {one["output_path"] for one in documents} == {path.name for path in sounds}
    assert len({one["seed"] for one in documents}) == len(documents)
    assert all("boots_on____wood" in path.name for path in sounds)


def test_documents_have_the_promised_keys_in_order(ran: Path) -> None:
    for document in _documents(ran):
        assert list(document)[: len(PROMISED)] == PROMISED
        assert document["audio_shape"] == [2, 48_000]
        assert document["phase_info"].keys() == {"status", "correlation", "message"}


def test_the_best_take_is_kept_and_the_summary_says_so(ran: Path) -> None:
    [job] = json.loads((ran / "batch_summary.json").read_text())["jobs"]
    scores = {one["take"]: one["score"] for one in _documents(ran)}
    assert job["state"] == "done"
    assert job["score"] == max(scores.values())
    assert scores[job["take"]] == job["score"]
    assert [one["take"] for one in _documents(ran) if one["kept"]] == [job["take"]]
    for document in _documents(ran):
        assert [one["take"] for one in document["takes"] if one["kept"]] == [job["take"]]
    assert (ran.parent.parent / job["file"]).is_file()


def test_the_files_carry_where_they_are_from_and_how_loud_they_are(ran: Path) -> None:
    import soundfile

    for document in _documents(ran):
        with soundfile.SoundFile(ran / "boots" / document["output_path"]) as file:
            tags = file.copy_metadata()
            assert file.frames == 48_000
        assert tags["title"] == document["prompt"]
        assert json.loads(tags["comment"])["seed"] == document["seed"]
        data = (ran / "boots" / document["output_path"]).read_bytes()
        start = data.index(b"bext") + 8
        assert struct.unpack("<h", data[start + 412 : start + 414])[0] == pytest.approx(
            100 * document["measures"]["lufs"], abs=1
        )


def test_takes_are_finished_as_asked_and_measured_as_they_are_delivered(tmp_path: Path) -> None:
    source = tmp_path / "entries.json"
    source.write_text(json.dumps([{"id": "boots", "prompt": "rain on a tin roof", "seed": 3}]))
    workspace = Workspace(tmp_path / "w", create=True, catalog=catalog())
    settings: dict[str, Any] = {"audio_length": 1.0, "num_variations": 1, "max_iterations": 1}
    settings |= {"fade": 0.05, "target_lufs": -30, "audio_format": "mp3"}
    workspace.run("sound-effect", source, settings=settings)
    [document] = _documents(tmp_path / "w" / "outputs" / "sound_effects")
    folder = tmp_path / "w" / "outputs" / "sound_effects" / "boots"
    assert document["output_path"].endswith(".mp3")
    asked = {"loop": False, "fade": 0.05, "target_lufs": -30, "audio_format": "mp3", "loras": []}
    assert {name: document[name] for name in asked} == asked
    assert (document["backend"], document["model"]) == ("builtin", "synthesiser-1")
    assert document["num_samples"] == 48_000
    assert document["measures"]["lufs"] == pytest.approx(-30, abs=0.1)
    assert decode((folder / document["output_path"]).read_bytes()).samples.shape == (2, 48_000)
    best = workspace.file("j1")
    assert best.media_type == "audio/mpeg"


def test_files_of_others_stay_in_the_folder_of_a_job(ran: Path) -> None:
    folder, root = ran / "boots", ran.parents[1]
    kept = next(folder.glob("*.wav")).name.removesuffix(".wav")
    theirs = {f"{kept}_edit.wav", f"{kept}.aiff", "20241108_152030_mine.wav", "notes.json"}
    stale = {"20241108_152030_boots_on____wood-2.wav", "20241108_152030_boots_on____wood.json"}
    before = {path.name for path in folder.iterdir()}
    for name in theirs | stale:
        (folder / name).write_bytes(b"x")
    assert main(["export", "b1", "-w", str(root)]) == 0
    assert {path.name for path in folder.iterdir()} == before | theirs
    for name in theirs:
        (folder / name).unlink()


def test_a_level_below_full_scale_does_not_hide_clipping() -> None:
    rate = 48_000
    clipped = np.clip(3 * np.sin(2 * np.pi * 50 * np.arange(rate) / rate), -1, 1)[None, :]
    loud = write_float_wav(clipped.astype(np.float32), rate)
    soft = write_float_wav((clipped / 4).astype(np.float32), rate)
    assert not _clipping(soft)
    assert _clipping(soft, loud) == _clipping(loud) > 0.5


def _clipping(*sounds: bytes) -> float:
    measures = measured(*sounds).measures
    assert measures is not None
    return measures.clipping or 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loop": True, "fade": 0.1}, "a loop has no fade"),
        ({"audio_format": "aiff"}, "audio_format"),
        ({"target_lufs": 3}, "target_lufs"),
    ],
)
def test_last_touches_that_make_no_sense_are_refused(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    (tmp_path / "entries.json").write_text('["rain"]')
    workspace = Workspace(tmp_path / "w", create=True, catalog=catalog())
    with pytest.raises(UserError, match=message):
        workspace.queue("sound-effect", tmp_path / "entries.json", settings=settings)


@pytest.mark.parametrize(
    ("prompt", "stem"),
    [
        ("heavy boots on marble", "20241108_152030_heavy_boots_on_marble"),
        ("../../etc/passwd\x1b[31m", "20241108_152030_______etc_passwd__31m"),
        ("", "20241108_152030"),
    ],
)
def test_names_of_files(prompt: str, stem: str) -> None:
    assert stem_of(prompt, "2024-11-08T15:20:30.5Z") == stem


def test_takes_of_the_same_second_have_different_names() -> None:
    measures = measured(write_float_wav(np.zeros((1, 8000), np.float32), 8000)).measures
    assert measures is not None
    sound = Artifact(hash="a" * 64, media_type="audio/wav", size=1, kind="audio")
    takes = [
        TakeReport(
            number=number,
            iteration=1,
            prompt="rain",
            negative_prompt="",
            seed=number,
            generated=sound,
            audio=sound,
            asked_seconds=1,
            backend="fake",
            model="fake",
            seconds=0.1,
            finished_at="2024-11-08T15:20:30.5Z",
            device="",
            cfg_scale=None,
            steps=None,
            measures=measures,
            judgement=Judgement(score=number, aspects={}, problems=()),
        )
        for number in (1, 2, 3)
    ]
    report = SoundReport(
        key="a", state="done", prompt="rain", target_seconds=1, takes=tuple(takes), kept=2,
        batch="b", job=1,
    )  # fmt: skip
    names = {name: take.number for name, take in file_names(report).items()}
    assert names == {
        "20241108_152030_rain.wav": 2,
        "20241108_152030_rain-2.wav": 1,
        "20241108_152030_rain-3.wav": 3,
    }


def test_a_name_is_never_too_long() -> None:
    assert len(stem_of("足" * 3000, "2024-11-08T15:20:30Z").encode()) < 200
