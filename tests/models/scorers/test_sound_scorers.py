"""Scorers of sounds: CLAP as its library computes it, windows, refusals, and the backend."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.audio.decode import decode
from engine.audio.resampling import resampled
from engine.backends.local_sounds import LocalSoundsSettings
from engine.backends.local_sounds.score import LocalSoundScorers
from engine.contract import Blocked, CompareRequest, Permanent, ScoreInfo, ScoreRequest
from engine.models.scorers.sounds.audiobox import RATE, Audiobox
from engine.models.scorers.sounds.batch import SoundBatch, windows
from engine.models.scorers.sounds.hosted import LoadedSoundScorers, load
from engine.models.scorers.sounds.options import METRICS, SOUND_MAPS, SoundScoringOptions
from engine.plugins.catalog import EntryPointCatalog
from tests.support import tiny_pipelines as tiny
from tests.support.in_process import InProcessContext, InProcessPlace, QuietDesk
from tests.support.optional import needs
from tests.support.sounds import noise_wav
from tests.support.tiny_models import clip
from tests.support.tiny_models.clap import clap

needs("torch", "transformers", "soundfile")

BRIEF = "rain on a tin roof"


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    tiny.prepare()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CLAP model."""
    tiny.prepare()
    return clap(tmp_path_factory.mktemp("clap") / "clap")


def loaded(folder: Path, **options: Any) -> LoadedSoundScorers:
    chosen = SoundScoringOptions(clap=str(folder), scorers=("clap",), **options)
    return load(chosen.model_dump_json(), InProcessPlace())


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedSoundScorers:
    return loaded(folder)


def scored(model: LoadedSoundScorers, *sounds: bytes, brief: str = BRIEF) -> list[dict[str, Any]]:
    (columns,) = model.run("score", [{"sounds": list(sounds), "brief": brief}], QuietDesk())
    marks: list[dict[str, Any]] = columns[0]["marks"]
    return marks


# -- CLAP -------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_fused", [False, True])
def test_a_short_sound_has_the_cosine_of_the_library(tmp_path: Path, is_fused: bool) -> None:
    import torch
    from transformers import ClapModel, ClapProcessor

    folder = clap(tmp_path / "clap", seed=3, is_fused=is_fused)
    data = noise_wav(2.5)
    mono = decode(data).samples.mean(axis=0)
    inputs = ClapProcessor.from_pretrained(folder)(
        text=[BRIEF],
        audio=resampled(mono, 44_100, 48_000),
        sampling_rate=48_000,
        return_tensors="pt",
    )
    with torch.inference_mode():
        output = ClapModel.from_pretrained(folder).eval()(**inputs)
    expected = float((output.audio_embeds * output.text_embeds).sum())
    (mark,) = scored(loaded(folder), data)
    assert mark["raw"] == pytest.approx(expected, abs=1e-5)


def test_a_score_depends_on_its_sound_and_its_words_alone(model: LoadedSoundScorers) -> None:
    quiet = noise_wav(0.02)
    sounds = [noise_wav(1.5), quiet, noise_wav(11, 22_050, 1)]
    first = scored(model, *sounds)
    assert [scored(model, sound)[0]["raw"] for sound in sounds] == pytest.approx(
        [mark["raw"] for mark in first], abs=1e-5
    )
    assert scored(model, *sounds) == first
    assert scored(model, sounds[0], brief="a door")[0]["raw"] != first[0]["raw"]
    assert all(mark["value"] == SOUND_MAPS["clap"](mark["raw"]) for mark in first)


def test_a_long_sound_is_heard_whole_in_windows_that_count_by_their_length(
    model: LoadedSoundScorers,
) -> None:
    import torch

    clap: Any = model.scorers["clap"]
    whole = SoundBatch([noise_wav(15, 48_000, 1)])
    (samples,) = whole.at(48_000)
    parts = list(windows(samples, 480_000))
    assert [len(part) for part in parts] == [480_000, 240_000]
    vectors = clap._of_windows(parts, 48_000)
    mean = torch.nn.functional.normalize(vectors[0] + vectors[1] / 2, dim=-1)
    assert torch.allclose(clap.of_sounds(whole)[0], mean, atol=1e-5)


def test_what_is_no_sound_has_a_note_and_no_number(model: LoadedSoundScorers) -> None:
    good, bad = scored(model, noise_wav(1.5), b"no sound")
    assert good["raw"] is not None
    assert (bad["raw"], bad["value"]) == (None, None)
    assert "no sound" in bad["note"]
    (only,) = scored(model, b"RIFF")
    assert only["value"] is None


def test_a_long_text_is_cut_and_said_to_be(model: LoadedSoundScorers) -> None:
    task = {"sounds": [noise_wav(0.5)], "brief": "rain " * 100}
    (columns,) = model.run("score", [task], QuietDesk())
    assert columns[0]["cut"]
    assert columns[0]["text"] == "brief"
    assert ", fp32, map clap-1" in columns[0]["scorer"]


def test_tasks_that_nobody_waits_for_are_left_out(model: LoadedSoundScorers) -> None:
    task = {"sounds": [noise_wav(0.5)], "brief": BRIEF}
    first, second = model.run("score", [task, task], QuietDesk(frozenset({0})))
    assert first is None
    assert second[0]["metric"] == "clap"


def test_the_weights_leave_the_device_and_come_back(folder: Path) -> None:
    model = loaded(folder)
    before, size = scored(model, noise_wav(0.5)), model.size()
    model.offload()
    assert scored(model, noise_wav(0.5)) == before
    model.restore()
    assert model.size() == size > 100_000
    model.close()
    assert model.size() == 0


def test_a_model_that_hears_nothing_is_refused(tmp_path: Path) -> None:
    folder = clip.of_transformers(tmp_path / "clip")
    with pytest.raises(Blocked, match="no CLAP model"):
        loaded(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(Blocked):
        loaded(folder)


# -- Audiobox-Aesthetics ----------------------------------------------------------------------


class Rater:
    """Rates a window by the share of it that is heard, on an axis of its own each."""

    def __new__(cls) -> Any:
        import torch

        class Module(torch.nn.Module):
            def forward(self, batch: dict[str, Any]) -> dict[str, Any]:
                assert batch["wav"].shape == batch["mask"].shape
                assert bool((batch["wav"][~batch["mask"]] == 0).all())
                share = batch["mask"].float().mean(dim=(1, 2))
                return {axis: share * n for n, axis in enumerate(("PQ", "CE", "CU", "PC"), 1)}

        return Module()


def test_ratings_are_of_windows_by_their_length_in_their_own_scale() -> None:
    scales = {"PQ": (5.0, 2.0), "CE": (4.0, 1.0), "CU": (3.0, 1.0), "PC": (2.0, 1.0)}
    audiobox = Audiobox(Rater(), scales, identity="a", device="cpu", batch=1)
    sounds = SoundBatch([noise_wav(15, RATE, 1), noise_wav(5, 48_000)])
    columns = audiobox.raws(sounds, ["", ""])
    assert len(columns) == len(METRICS["audiobox"])
    # A whole window and a half one; then a half one alone.
    assert columns[0] == pytest.approx([5 + 2 * (1 * 1 + 0.5 * 0.5) / 1.5, 5 + 2 * 0.5], abs=1e-4)
    assert columns[3] == pytest.approx([2 + 4 * (1 + 0.25) / 1.5, 2 + 4 * 0.5], abs=1e-4)
    assert SOUND_MAPS["audiobox_quality"](5.5) == 50
    assert (SOUND_MAPS["clap"](-1), SOUND_MAPS["clap"](0.25), SOUND_MAPS["clap"](9)) == (0, 50, 100)


# -- backend ----------------------------------------------------------------------------------


@pytest.fixture
def context() -> InProcessContext:
    return InProcessContext()


def backend(folder: Path, **settings: Any) -> LocalSoundScorers:
    return LocalSoundScorers(LocalSoundsSettings(clap=str(folder), **settings))


async def test_takes_are_one_task_and_its_answer_a_sheet(
    folder: Path, context: InProcessContext
) -> None:
    takes = tuple(context.give(noise_wav(seconds)) for seconds in (1.5, 2.0))
    made = backend(folder)
    request = ScoreRequest(images=takes, brief=BRIEF, prompt="Rain.", metrics=("clap",))
    sheet = await made.score(request, context)
    assert [task.operation for task in context.tasks] == ["score"]
    assert [(score.metric, score.image) for score in sheet.scores()] == [
        ("clap", take.hash) for take in takes
    ]
    comparison = await made.compare(CompareRequest(images=takes), context)
    (likeness,) = comparison.likenesses
    assert likeness.measure == "clap_similarity"
    assert likeness.values[0][0] == pytest.approx(1, abs=1e-5)
    assert likeness.values[0][1] == likeness.values[1][0] < 1


async def test_what_it_cannot_score_is_refused(folder: Path, context: InProcessContext) -> None:
    take = context.give(noise_wav(0.5))
    image = context.give(_png())
    made = backend(folder)
    for request, words in (
        (ScoreRequest(images=(image,), brief="b", prompt="p"), "scores sounds"),
        (ScoreRequest(images=(take,), brief="b", prompt="p", metrics=("pickscore",)), "pickscore"),
    ):
        with pytest.raises(Permanent, match=words):
            await made.score(request, context)
    broken = context.give(noise_wav(0.5)[:30], kind="audio")
    with pytest.raises(Permanent, match="Sound 2 of the set"):
        await made.compare(CompareRequest(images=(take, broken)), context)
    assert [task.operation for task in context.tasks] == ["compare"]


def _png() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    return buffer.getvalue()


def test_it_describes_itself_by_its_models(folder: Path) -> None:
    usual = EntryPointCatalog().backend("score", "local-sounds", {}, {})
    assert isinstance(usual.info, ScoreInfo)
    assert (usual.info.metrics, usual.info.media) == (("clap",), {"audio"})
    assert usual.info.version == "1 clap-1 auto clap=laion/clap-htsat-unfused"
    both = backend(folder, scorers="clap, audiobox").info
    assert both.metrics == ("clap", *METRICS["audiobox"])
    assert both.version.startswith("1 clap-1+audiobox-1 auto clap=clap#")
    assert str(folder.parent) not in both.version
    with pytest.raises(ValidationError, match="each model once"):
        LocalSoundsSettings(scorers="clap,clap")


def test_what_is_missing_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    has_package = "engine.backends.local_sounds.score.has_package"
    monkeypatch.setattr(has_package, lambda name: name != "audiobox_aesthetics")
    made = backend(Path("/nowhere/clap"), scorers="clap,audiobox")
    (lack,) = made.missing()
    assert (lack.what, lack.reason) == ("the package audiobox-aesthetics", "backend")
    monkeypatch.setattr(has_package, lambda name: True)
    clap, audiobox = made.missing()
    assert clap.what == "the weights sounds.clap (/nowhere/clap)"
    assert audiobox.remedy == "Run: safelight models pull sounds.audiobox."


def test_silence_and_broken_numbers_score_without_an_error(model: LoadedSoundScorers) -> None:
    from engine.audio.wav import write_float_wav

    odd = np.zeros((2, 4410), np.float32)
    odd[0, 0], odd[1, 1] = np.nan, np.inf
    for samples in (odd, np.zeros((1, 1), np.float32)):
        (mark,) = scored(model, write_float_wav(samples, 44_100))
        assert mark["raw"] is None or -1 <= mark["raw"] <= 1
