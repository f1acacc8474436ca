"""Models that would run code of their own, or fetch something, are refused in words."""

import json
import shutil
from pathlib import Path

import pytest

from engine.contract import Blocked, Permanent
from tests.models.scorers.conftest import Load, Models


def changed(folder: Path, to: Path, name: str, **changes: object) -> Path:
    """A copy of a model with another configuration."""
    shutil.copytree(folder, to)
    document = json.loads((to / name).read_text())
    (to / name).write_text(json.dumps({**document, **changes}))
    return to


def test_code_that_a_model_brings_is_not_run(models: Models, loaded: Load, tmp_path: Path) -> None:
    folder = changed(
        models.llava,
        tmp_path / "own",
        "config.json",
        model_type="own",
        auto_map={"AutoConfig": "own.Config", "AutoModelForImageTextToText": "own.Model"},
    )
    proof = tmp_path / "was-run"
    (folder / "own.py").write_text(f"open({str(proof)!r}, 'w')\n")
    with pytest.raises(Blocked, match="brings code of its own") as caught:
        loaded("vqascore", vqascore=folder)
    assert caught.value.reason == "weights"
    assert not proof.exists()


def test_a_tower_that_reads_by_another_model_is_not_fetched(
    models: Models, loaded: Load, tmp_path: Path
) -> None:
    config = json.loads((models.small / "open_clip_config.json").read_text())["model_cfg"]
    config["text_cfg"]["hf_tokenizer_name"] = "org/tokenizer"
    folder = changed(models.small, tmp_path / "foreign", "open_clip_config.json", model_cfg=config)
    with pytest.raises(Permanent, match="reads text by another model of the hub"):
        loaded("clipscore", clipscore=folder)


def test_weights_in_a_pickled_folder_are_not_there(
    models: Models, loaded: Load, tmp_path: Path
) -> None:
    shutil.copytree(models.pick, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").rename(tmp_path / "pickled/pytorch_model.bin")
    with pytest.raises(Blocked, match="are not on this machine") as caught:
        loaded("pickscore", pickscore=tmp_path / "pickled")
    assert caught.value.remedy.startswith("Put them at ")


def test_a_checkpoint_of_another_model_is_named(models: Models, loaded: Load) -> None:
    with pytest.raises(Blocked, match="reward holds the weights of another model"):
        loaded("hpsv2", hpsv2=models.reward)
    with pytest.raises(Blocked, match="hps holds the weights of another model"):
        loaded("imagereward", imagereward=models.hps)
