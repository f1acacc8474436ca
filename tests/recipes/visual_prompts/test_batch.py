"""One batch of good and bad samples from its input to its files."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image

from engine.cli.app import app
from engine.client.workspace import Workspace
from engine.imaging import lineage
from engine.queueing.plan import QueueOptions
from tests.recipes.visual_prompts.sounds import silence, song

GOOD = ("a", "b")
SETTINGS: Mapping[str, Any] = {
    "convergent": 1,
    "divergent": 1,
    "mel_spectrogram": True,
    "images": True,
    "width": 64,
    "height": 64,
    "seed": 7,
}


@dataclass(frozen=True)
class Ran:
    """A workspace with a batch that has ended."""

    root: Path
    workspace: Workspace
    batch: str

    @property
    def folder(self) -> Path:
        return self.root / "outputs" / "generated_prompts"

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def sample(self, index: int) -> Any:
        samples = self.read("visual_prompts_complete.json")["samples"]
        return next(one for one in samples if one["sample_idx"] == index)


def entries() -> Iterator[dict[str, Any]]:
    """Two good samples, a silent one, one of text, and seven that could not be taken in."""
    notes = ["Its length does not fit slice_pos."]
    yield {"id": "a", "index": 0, "sound": "a.wav", "metadata": {"artist_name": ["가수 & Co"]}}
    yield {"id": "b", "index": 1, "sound": "b.wav", "notes": notes}
    yield {"id": "silent", "index": 2, "sound": "silent.wav"}
    for index in range(3, 11):
        yield {"id": f"bad-{index}", "index": index, "problem": "is broken"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The batch after its run: one start of a worker for all tests here."""
    root = tmp_path_factory.mktemp("visual")
    (root / "safelight.toml").write_text("[engine]\ncpu_workers = 1\n")
    for name, data in (("a", song(0)), ("b", song(5, loudness=3)), ("silent", silence())):
        (root / f"{name}.wav").write_bytes(data)
    source = root / "songs.json"
    source.write_text(json.dumps(list(entries())))
    workspace = Workspace(root, create=True)
    batch = workspace.queue("visual-prompts", source, settings=SETTINGS)
    assert workspace.follow(batch).state == "done_with_failures"
    return Ran(root, workspace, batch)


def test_bad_samples_fail_with_a_sentence_and_the_others_go_on(ran: Ran) -> None:
    with ran.workspace.reading() as connection:
        rows = connection.execute(
            "SELECT jobs.key, state, errors.message FROM jobs "
            "LEFT JOIN errors ON errors.id = error_id"
        )
        found = {key: (state, message) for key, state, message in rows}
    assert [found[key] for key in GOOD] == [("done", None)] * 2
    assert found["silent"] == ("failed", "Sample silent cannot be used: the sound is silent.")
    assert found["bad-3"] == ("failed", "Sample bad-3 is broken.")
    summary = ran.read("generation_summary.json")
    assert (summary["total_samples"], summary["samples_with_errors"]) == (11, 9)
    assert summary["total_prompts"] == 4
    assert ran.sample(2)["error"] == "Sample silent cannot be used: the sound is silent."


def test_doubts_about_a_sound_are_warnings_and_in_the_export(ran: Ran) -> None:
    warnings = ran.sample(1)["warnings"]
    assert warnings[0] == "Its length does not fit slice_pos."
    assert warnings[1].startswith("The sound is clipped at")
    with ran.workspace.reading() as connection:
        rows = connection.execute("SELECT message FROM events WHERE type = 'job.warning'")
        told = " ".join(str(data) for (data,) in rows)
    assert all(one in told for one in warnings)
    assert "warnings" not in ran.sample(0)


def test_the_export_has_features_notation_and_prompts(ran: Ran) -> None:
    first = ran.sample(0)
    assert first["metadata"] == {"artist_name": ["가수 & Co"]}
    assert first["musical_features"]["key"] == "C"
    assert first["musical_features"]["measured"]["key"]["tonic"] == "C"
    assert first["abc_notation"].startswith("X:1\nT:가수 & Co\n")
    modes = [(one["mode"], one["temperature"]) for one in first["prompts"]]
    assert modes == [("convergent", 0.4), ("divergent", 0.8)]
    flat = ran.read("prompts_for_image_generation.json")
    assert [(one["sample_idx"], one["prompt_id"]) for one in flat] == [
        *((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    assert "measured" not in flat[0]["features"]
    assert ran.read("visual_prompts_complete.json")["metadata"]["llm_provider"].startswith(
        "builtin/"
    )


def test_a_sample_has_a_folder_with_its_files(ran: Ran) -> None:
    names = {path.name for path in (ran.folder / "a").iterdir()}
    assert names == {
        *("sample.json", "features.json", "prompts.txt"),
        *("notation.abc", "notation.mid", "notation.svg", "mel.png"),
    }
    assert {path.name for path in (ran.folder / "silent").iterdir()} == {"sample.json"}


def test_images_lie_where_the_export_says_with_their_lineage(ran: Ran) -> None:
    for one in ran.read("prompts_for_image_generation.json"):
        name = f"sample_{one['sample_idx']:03d}_prompt_{one['prompt_id']:02d}.png"
        path = ran.folder / one["image_path"]
        assert path.name == name
        assert one["status"] == "success" and one["scores"]
        found = lineage.read(path.read_bytes())
        assert found is not None and found.prompt == one["visual_prompt"]
        assert Image.open(path).size == (64, 64)


def test_a_checkpoint_has_the_samples_that_ended_first(ran: Ran) -> None:
    found = ran.read("prompts_checkpoint_010.json")
    assert found["metadata"]["total_samples"] == 10
    assert not (ran.folder / "prompts_checkpoint_020.json").exists()


def test_the_headline_is_the_creativity(ran: Ran) -> None:
    reports = {one.key: one for one in ran.workspace.results(ran.batch)}
    assert 0 < reports["a"].creativity <= 100
    assert reports["silent"].creativity is None
    with ran.workspace.reading() as connection:
        scores = dict(connection.execute("SELECT key, score FROM jobs").fetchall())
    assert scores["a"] == reports["a"].creativity
    assert ran.sample(0)["creativity"] == reports["a"].creativity


def test_all_files_are_written_again_the_same(ran: Ran) -> None:
    def files() -> dict[str, bytes]:
        every = (path for path in ran.folder.rglob("*") if path.is_file())
        kept = (path for path in every if "checkpoint" not in path.name)
        return {str(path.relative_to(ran.folder)): path.read_bytes() for path in kept}

    before = files()
    shutil.rmtree(ran.folder)
    for _ in range(2):
        arguments = ["export", ran.batch, "-w", str(ran.root)]
        done = CliRunner().invoke(app, arguments, standalone_mode=False)
        assert done.return_value == 0, done.output
        assert files() == before


def test_an_export_elsewhere_is_whole(ran: Ran, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    arguments = ["export", ran.batch, str(target), "-w", str(ran.root)]
    assert CliRunner().invoke(app, arguments, standalone_mode=False).return_value == 0
    flat = json.loads((target / "prompts_for_image_generation.json").read_text())
    assert flat and all((target / one["image_path"]).is_file() for one in flat)


@pytest.mark.parametrize(("source", "is_added"), [("songs.json", True), ("others.json", False)])
def test_a_later_batch_adds_to_the_export_of_its_own_data_set_only(
    ran: Ran, source: str, is_added: bool
) -> None:
    before = ran.read("visual_prompts_complete.json")
    path = ran.root / source
    path.write_text(json.dumps([{"id": "late", "index": 40, "problem": "is broken"}]))
    batch = ran.workspace.queue(
        "visual-prompts", path, options=QueueOptions(name=f"later-{is_added}")
    )
    ran.workspace.follow(batch)
    after = ran.read("visual_prompts_complete.json")
    added = [one["sample_idx"] for one in after["samples"][len(before["samples"]) :]]
    own = ran.folder / "later-False" / "visual_prompts_complete.json"
    if is_added:
        assert added == [40]
        assert after["samples"][: len(before["samples"])] == before["samples"]
        assert not own.exists()
    else:
        assert after == before
        assert [one["sample_idx"] for one in json.loads(own.read_text())["samples"]] == [40]
