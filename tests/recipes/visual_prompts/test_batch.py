"""One batch of good and bad samples from its input to its files."""

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from rich.console import Console

from engine.cli.app import app
from engine.cli.summary import print_summary
from engine.client.ids import find_batch
from engine.client.workspace import Workspace
from engine.imaging import lineage
from engine.queueing.plan import QueueOptions
from tests.audio.synthetic import RATE
from tests.recipes.visual_prompts.sounds import cadence, save_dataset

GOOD = ("sample_000", "sample_001")
SILENT = "Sample sample_002 cannot be used: the sound is silent."
SETTINGS: Mapping[str, Any] = {
    "convergent": 1,
    "divergent": 1,
    "mel_spectrogram": True,
    "images": True,
    "width": 64,
    "height": 64,
    "seed": 7,
    "sample_rate": RATE,
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


def records() -> Iterator[dict[str, Any]]:
    """Two good samples, the second clipped and too short, a silent one, and eight without sound."""
    yield {"audio": cadence(0), "audio_meta": {"artist_name": ["가수 & Co"], "track_name": "비"}}
    yield {"audio": np.clip(6 * cadence(5), -1, 1), "audio_meta": {"slice_pos": [20, 30]}}
    yield {"audio": np.zeros(2 * RATE, np.float32)}
    for _ in range(8):
        yield {"audio": "lost"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The batch after its run: one start of a worker for all tests here."""
    root = tmp_path_factory.mktemp("visual")
    (root / "safelight.toml").write_text("[engine]\ncpu_workers = 1\n")
    source = root / "songs.npy"
    save_dataset(source, list(records()))
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
    assert found["sample_002"] == (
        "failed",
        "Sample sample_002 cannot be used: the sound is silent.",
    )
    state, message = found["sample_003"]
    assert state == "failed" and message.startswith("Sample sample_003 ")
    summary = ran.read("generation_summary.json")
    assert (summary["total_samples"], summary["samples_with_errors"]) == (11, 9)
    assert summary["total_prompts"] == 4
    assert ran.sample(2)["error"] == SILENT


def test_doubts_about_a_sound_are_warnings_and_in_the_export(ran: Ran) -> None:
    warnings = ran.sample(1)["warnings"]
    assert "slice_pos" in warnings[0]
    assert warnings[1].startswith("The sound is clipped at")
    with ran.workspace.reading() as connection:
        rows = connection.execute("SELECT message FROM events WHERE type = 'job.warning'")
        told = " ".join(str(data) for (data,) in rows)
    assert all(one in told for one in warnings)
    assert "warnings" not in ran.sample(0)


def test_the_export_has_features_notation_and_prompts(ran: Ran) -> None:
    first = ran.sample(0)
    assert first["metadata"] == {"artist_name": ["가수 & Co"], "track_name": "비"}
    assert first["musical_features"]["key"] == "C"
    assert first["musical_features"]["measured"]["key"]["tonic"] == "C"
    assert first["abc_notation"].startswith("X:1\nT:가수 & Co - 비\n")
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
    names = {path.name for path in (ran.folder / "sample_000").iterdir()}
    assert names == {
        *("sample.json", "features.json", "prompts.txt"),
        *("notation.abc", "notation.mid", "notation.svg", "mel.png"),
    }
    assert {path.name for path in (ran.folder / "sample_002").iterdir()} == {"sample.json"}


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
    assert 0 < reports["sample_000"].creativity <= 100
    assert reports["sample_002"].creativity is None
    with ran.workspace.reading() as connection:
        scores = dict(connection.execute("SELECT key, score FROM jobs").fetchall())
    assert scores["sample_000"] == reports["sample_000"].creativity
    assert ran.sample(0)["creativity"] == reports["sample_000"].creativity


def test_the_creativity_of_the_batch_is_beside_its_export(ran: Ran) -> None:
    rows = ran.read("creativity_prompt_scores.json")
    assert [(row["sample_idx"], row["prompt_id"]) for row in rows] == [
        *((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    assert all(row["overall"] is not None and row["fit"] is not None for row in rows)
    assert {row["embedder"] for row in rows} == {"builtin/tfidf-1 1"}
    means = ran.read("creativity_sample_summaries.json")
    assert [row["sample_idx"] for row in means] == [0, 1]
    assert means[0]["key"] == "C" and means[0]["conv_overall"] == rows[0]["overall"]
    report = (ran.folder / "corpus_report.md").read_text(encoding="utf-8")
    assert "2 samples, 4 prompts; 9 samples with errors." in report
    assert (ran.folder / "corpus_tempo.png").read_bytes().startswith(b"\x89PNG")


def test_a_batch_is_summed_up_on_the_terminal_and_in_json(ran: Ran) -> None:
    def shown(as_json: bool) -> str:
        out = io.StringIO()
        with ran.workspace.reading() as connection:
            batch = find_batch(connection, ran.batch)
        print_summary(ran.workspace, batch, Console(file=out, width=80), as_json=as_json)
        return out.getvalue()

    lines = shown(as_json=False).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[:2] == [
        "samples     2 samples with prompts, 9 with errors",
        "prompts     4: 2 convergent, 2 divergent",
    ]
    names = {line[:12].strip() for line in lines} - {""}
    assert names == {"samples", "prompts", "tempo", "moods", "creativity", "same words", "errors"}
    assert any("the sound is silent" in line for line in lines)
    document = json.loads(shown(as_json=True))
    assert (document["type"], document["batch"]) == ("summary", ran.batch)
    assert document["summary"]["samples"] == {"with_prompts": 2, "with_errors": 9}
    assert document["summary"]["creativity"]["convergent"] > 0
    assert len(document["summary"]["errors"]) == 9


def test_the_most_creative_prompt_of_a_sample_is_sent(ran: Ran) -> None:
    [job] = [one for one in ran.workspace.results(ran.batch) if one.key == "sample_000"]
    sources = [f"{ran.batch}/sample_000", f"{ran.batch}/sample_001:prompt-1"]
    batch = ran.workspace.send(sources, "refine")
    with ran.workspace.reading() as connection:
        sql = "SELECT input FROM jobs WHERE batch_id = ? ORDER BY position"
        rows = connection.execute(sql, (int(batch.removeprefix("b")),)).fetchall()
    best, second = (json.loads(row[0]) for row in rows)
    chosen = max(
        zip(_overall(ran, 0), job.prompts, job.images, strict=True), key=lambda one: one[0]
    )
    assert best["prompt"] == chosen[1].text
    assert best["reference_image"]["hash"] == chosen[2].image.hash
    assert second["prompt"] == ran.sample(1)["prompts"][1]["visual_prompt"]


def _overall(ran: Ran, index: int) -> list[float]:
    """Creativity of a sample's prompts by its own step."""
    sql = "SELECT result FROM steps WHERE name = 'creativity' ORDER BY job_id"
    with ran.workspace.reading() as connection:
        rows = connection.execute(sql).fetchall()
    return [one["overall"] for one in json.loads(rows[index][0])["measures"]]


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


@pytest.mark.parametrize(("source", "is_added"), [("songs.npy", True), ("others.npy", False)])
def test_a_later_batch_adds_to_the_export_of_its_own_data_set_only(
    ran: Ran, source: str, is_added: bool
) -> None:
    before = ran.read("visual_prompts_complete.json")
    count = len(before["samples"])
    path = ran.root / source
    save_dataset(path, [{"audio": np.zeros(2 * RATE, np.float32)}] * (count + 1))
    options = QueueOptions(name=f"later-{is_added}", flags={"start_idx": count})
    batch = ran.workspace.queue("visual-prompts", path, options=options)
    ran.workspace.follow(batch)
    after = ran.read("visual_prompts_complete.json")
    own = ran.folder / "later-False" / "visual_prompts_complete.json"
    if is_added:
        assert [one["sample_idx"] for one in after["samples"][count:]] == [count]
        assert after["samples"][:count] == before["samples"]
        assert not own.exists()
    else:
        assert after == before
        assert [one["sample_idx"] for one in json.loads(own.read_text())["samples"]] == [count]


def test_a_sample_is_shown_with_its_prompts_and_features(ran: Ran) -> None:
    arguments = ["show", f"{ran.batch}/sample_000", "-w", str(ran.root)]
    shown = CliRunner().invoke(app, arguments, standalone_mode=False).output
    assert ran.sample(0)["prompts"][0]["visual_prompt"][:30] in shown
    assert "C major" in shown
    assert "originality" in shown
