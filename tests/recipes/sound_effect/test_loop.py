"""The loop where something fails, or an operator decides."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract import CallContext, Permanent
from engine.contract.audio import AudioRequest, GeneratedAudio
from engine.contract.score import ImageScore, ScoreRequest, ScorerScores, ScoreTable
from engine.recipes.sound_effect import RECIPE
from engine.recipes.sound_effect.report import SoundReport
from engine.testing.fakes import FakeAudioBackend, FakeChatBackend, FakeScoreBackend
from engine.text.errors import UserError
from tests.recipes.sound_effect.sounds import Limited
from tests.support.optional import needs

needs("soundfile", "scipy")

pytestmark = pytest.mark.usefixtures("one_process")


class Failing(FakeAudioBackend):
    """Refuses some seeds, and counts its calls."""

    def __init__(self, *seeds: int) -> None:
        super().__init__()
        self.seeds = seeds
        self.calls = 0

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        self.calls += 1
        if request.seed in self.seeds:
            raise Permanent("The prompt is refused.")
        return await super().generate_audio(request, context)


def _refuse(_request: Any) -> Any:
    raise Permanent("The text backend refuses it.")


def _report(workspace: Workspace) -> SoundReport:
    [report] = workspace.results("b1")
    assert isinstance(report, SoundReport)
    return report


def _run(root: Path, audio: FakeAudioBackend, text: FakeChatBackend, **settings: Any) -> Workspace:
    source = root / "entries.json"
    source.write_text(json.dumps([{"id": "boots", "prompt": "boots on wood", "seed": 3}]))
    catalog = MemoryCatalog([RECIPE], [audio, text])
    workspace = Workspace(root / "w", create=True, catalog=catalog)
    chosen = {"audio": "fake", "text": "fake", "audio_length": 0.5, "target_score": 100, **settings}
    workspace.run("sound-effect", source, settings=chosen)
    return workspace


def _queue(
    root: Path, audio: FakeAudioBackend, entry: dict[str, Any], **settings: Any
) -> Workspace:
    source = root / "entries.json"
    source.write_text(json.dumps([{"id": "boots", "prompt": "boots on wood", **entry}]))
    catalog = MemoryCatalog([RECIPE], [audio, FakeChatBackend()])
    workspace = Workspace(root / "w", create=True, catalog=catalog)
    names = {"audio": audio.info.name, "text": "fake", "num_variations": 1, "max_iterations": 1}
    workspace.queue("sound-effect", source, settings={**names, **settings})
    return workspace


@pytest.mark.parametrize(
    ("entry", "settings", "message"),
    [
        ({"audio_length": 30}, {}, "field 'audio_length': limited (tiny) generates sounds of 0.1"),
        ({}, {"audio_length": 30}, "(id 'boots'): limited (tiny) generates sounds of 0.1 to 22 "),
        ({}, {"steps": 100}, "limited (tiny) takes at most 50 steps, not 100."),
        ({"init_noise": 0.5}, {}, "field 'init_noise': has no effect without init_audio"),
        ({"init_audio": "a.npz"}, {}, "field 'init_audio': cannot be used: limited (tiny) starts"),
    ],
)
def test_what_the_model_cannot_do_is_named_before_a_batch_is_queued(
    tmp_path: Path, entry: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "a.npz", audio=np.zeros(800), sample_rate=8000)
    with pytest.raises(UserError) as refusal:
        _queue(tmp_path, Limited(), entry, **settings)
    assert message in str(refusal.value)


def test_a_take_starts_from_a_sound_and_tells_what_it_was_generated_with(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", audio=np.zeros(800), sample_rate=8000)
    audio = Limited("starts")
    entry = {"init_audio": "a.npz", "init_noise": 0.25, "negative_prompt": "music"}
    workspace = _queue(tmp_path, audio, entry, audio_length=0.5)
    workspace.follow("b1")
    [request] = audio.asked
    assert request.init_audio is not None
    assert request.init_audio.facts["sample_rate"] == 8000
    assert request.init_noise == 0.25
    [take] = _report(workspace).takes
    assert (take.device, take.steps, take.cfg_scale) == ("cuda", 8, 3.5)
    assert (take.init_audio, take.init_noise) == (request.init_audio.hash, 0.25)
    with workspace.reading() as connection:
        rows = connection.execute("SELECT message FROM events WHERE level = 'warning'")
        warnings = [row[0] for row in rows]
    assert "starts (tiny) does not use negative_prompt; it has no effect." in warnings


class Scorer(FakeScoreBackend):
    """Scores how well sounds fit their words, or refuses to."""

    def __init__(self, value: float | None) -> None:
        super().__init__(("clap",), frozenset({"audio"}))
        self.value = value
        self.asked: list[ScoreRequest] = []

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        self.asked.append(request)
        if self.value is None:
            raise Permanent("It cannot be heard.")
        marks = (ImageScore(raw=self.value / 200, value=self.value),)
        column = ScorerScores(metric="clap", scorer="fake", text="brief", marks=marks)
        return ScoreTable(images=request.images, columns=(column,))


def _scored(root: Path, scorer: FakeScoreBackend) -> Workspace:
    source = root / "entries.json"
    source.write_text(json.dumps([{"id": "boots", "prompt": "boots on wood", "seed": 3}]))
    catalog = MemoryCatalog([RECIPE], [FakeAudioBackend(), FakeChatBackend(), scorer])
    workspace = Workspace(root / "w", create=True, catalog=catalog)
    names = {"audio": "fake", "text": "fake", "score": "fake", "audio_length": 0.5}
    workspace.run("sound-effect", source, settings={**names, "max_iterations": 1})
    return workspace


def test_takes_are_scored_if_a_backend_of_scores_is_named(tmp_path: Path) -> None:
    scorer = Scorer(30.0)
    report = _report(_scored(tmp_path, scorer))
    assert len(report.takes) == len(scorer.asked) == 4
    assert {request.brief for request in scorer.asked} == {"boots on wood"}
    assert all(request.images[0].kind == "audio" for request in scorer.asked)
    for take in report.takes:
        assert take.judgement.aspects["prompt_fit"] == 30
        assert "prompt_fit" in {problem.name for problem in take.judgement.problems}


def test_takes_that_cannot_be_scored_are_judged_by_their_measures(tmp_path: Path) -> None:
    workspace = _scored(tmp_path, Scorer(None))
    report = _report(workspace)
    assert report.state == "done"
    assert all("prompt_fit" not in take.judgement.aspects for take in report.takes)
    with workspace.reading() as connection:
        rows = connection.execute("SELECT message FROM events WHERE level = 'warning'").fetchall()
    warning = "A take is judged by its measures alone: It cannot be heard."
    assert sum(row[0].endswith(warning) for row in rows) == 4


def test_a_backend_that_scores_images_is_refused_before_a_batch_is_queued(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fake scores images, not sounds; local-sounds does"):
        _scored(tmp_path, FakeScoreBackend())


def test_takes_are_kept_if_the_prompt_cannot_be_refined(tmp_path: Path) -> None:
    text = FakeChatBackend({"refine_sound": _refuse})
    report = _report(_run(tmp_path, FakeAudioBackend(), text))
    assert report.state == "done"
    assert len(report.takes) == 4
    assert report.kept in {take.number for take in report.takes}


def test_a_take_that_fails_is_left_out(tmp_path: Path) -> None:
    settings = {"num_variations": 2, "max_iterations": 1}
    report = _report(_run(tmp_path, Failing(3), FakeChatBackend(), **settings))
    assert report.state == "done"
    assert [take.number for take in report.takes] == [2]
    assert report.kept == 2


def test_a_job_fails_if_all_takes_of_its_prompt_fail(tmp_path: Path) -> None:
    settings = {"num_variations": 1, "max_iterations": 1}
    report = _report(_run(tmp_path, Failing(3), FakeChatBackend(), **settings))
    assert report.state == "failed"
    assert report.kept is None


def test_an_operator_takes_another_take_and_nothing_is_generated_again(tmp_path: Path) -> None:
    audio = Failing()
    workspace = _run(tmp_path, audio, FakeChatBackend(), num_variations=3, max_iterations=1)
    other = next(take.number for take in _report(workspace).takes if take.number != 1)
    workspace.command("decide", ["j1"], {"key": "select", "value": other})
    workspace.follow("b1")
    report = _report(workspace)
    assert report.state == "done"
    assert report.kept == other
    assert audio.calls == 3
    assert f"take {other}" in report.reason
