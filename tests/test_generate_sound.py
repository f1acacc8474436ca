"""Python door of sounds: samples, rate, file and metadata, as scripts unpack them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.builtin import FAMILY
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.recipes.sound_effect import RECIPE
from engine.testing.fakes import FakeAudioBackend, FakeChatBackend
from engine.text.errors import UserError
from safelight.sounds import NoSound, generate_sound
from tests.recipes.sound_effect.sounds import Limited, Silent
from tests.support.optional import needs

needs("soundfile", "scipy")

pytestmark = pytest.mark.usefixtures("one_process")


def _workspace(root: Path, audio: FakeAudioBackend) -> Workspace:
    catalog = MemoryCatalog([RECIPE], [audio, FakeChatBackend()])
    return Workspace(root / "w", create=True, catalog=catalog)


QUICK = {"audio": "limited", "text": "fake", "num_variations": 2, "max_iterations": 1}


def test_a_sound_is_unpacked_with_its_file_and_its_metadata(tmp_path: Path) -> None:
    audio, rate, path, metadata = generate_sound(
        prompt="boots on wood",
        output_dir=tmp_path / "out",
        audio_length=0.75,
        cfg_scale=7.0,
        steps=20,
        seed=3,
        workspace=_workspace(tmp_path, Limited()),
        settings=QUICK,
    )
    assert tuple(audio.shape) == (1, 6000)
    assert rate == 8000
    assert path.parent.parent == tmp_path / "out"
    assert metadata["output_path"] == str(path)
    beside = json.loads(path.with_suffix(".json").read_text())
    assert beside == {**metadata, "output_path": path.name}
    assert (metadata["diffusion_steps"], metadata["cfg_scale"]) == (8, 3.5)
    assert metadata["kept"] is metadata["success"] is True


def test_steps_are_laid_on_the_events_of_a_film(tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    events.write_text('[{"timestamp": 0.5}, {"timestamp": 1.1, "foot_side": "RIGHT"}]')
    catalog = MemoryCatalog([RECIPE], [FakeChatBackend()], families=[FAMILY])
    sound = generate_sound(
        "boots on marble",
        audio_length=3.0,
        events=events,
        workspace=Workspace(tmp_path / "w", create=True, catalog=catalog),
        settings={"text": "fake", "num_variations": 1, "max_iterations": 1},
    )
    placed = sound.metadata["placed"]
    assert Path(placed["output_path"]).is_file()
    assert [step["time"] for step in placed["steps"]] == [0.5, 1.1]
    assert placed["mode"] == "stereo"


def test_a_model_of_this_machine_gives_a_tensor_and_others_an_array(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    local = generate_sound(
        "boots", audio_length=0.5, workspace=_workspace(tmp_path / "a", Limited()), settings=QUICK
    )
    other = generate_sound(
        "boots",
        audio_length=0.5,
        workspace=_workspace(tmp_path / "b", Silent()),
        settings={**QUICK, "audio": "fake"},
    )
    assert isinstance(local.audio, torch.Tensor)
    assert isinstance(other.audio, np.ndarray)
    assert local.audio.dtype == torch.float32
    assert other.audio.dtype == np.float32


def test_no_sound_is_an_error_with_its_reason(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path, Silent(fails=True))
    with pytest.raises(NoSound, match="The prompt is refused"):
        generate_sound("boots", workspace=workspace, settings={**QUICK, "audio": "fake"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"steps": 200}, "at most 50 steps"), ({"audio_length": 40}, "0.1 to 22 seconds")],
)
def test_what_the_model_cannot_do_is_refused_by_name(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    workspace = _workspace(tmp_path, Limited())
    with pytest.raises(UserError) as refusal:
        generate_sound("boots", workspace=workspace, settings=QUICK, **arguments)
    assert message in str(refusal.value)


def test_a_checkpoint_that_is_not_there_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.(ckpt|json). does not exist"):
        generate_sound(
            "boots",
            checkpoint_path=tmp_path / "gone.ckpt",
            config_path=tmp_path / "gone.json",
            output_dir=tmp_path / "out",
            workspace=tmp_path / "w",
        )
    assert not (tmp_path / "out").exists()
