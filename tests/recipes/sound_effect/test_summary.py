"""Lines that `safelight run` ends with: all facts of one sound, the main ones of several."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.summary import lines_of
from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.recipes.sound_effect import RECIPE
from engine.testing.fakes import FakeAudioBackend, FakeChatBackend
from tests.recipes.sound_effect.sounds import Limited, Silent
from tests.support.optional import needs

needs("soundfile", "scipy")

pytestmark = pytest.mark.usefixtures("one_process")


def _summary(root: Path, audio: FakeAudioBackend, *prompts: str) -> dict[str, tuple[str, Any]]:
    """Return text and data of each line after a run of some prompts."""
    (root / "entries.json").write_text(json.dumps(list(prompts)))
    catalog = MemoryCatalog([RECIPE], [audio, FakeChatBackend()])
    workspace = Workspace(root / "w", create=True, catalog=catalog)
    settings = {"audio": audio.info.name, "text": "fake", "num_variations": 1, "max_iterations": 1}
    workspace.run("sound-effect", root / "entries.json", settings={**settings, "audio_length": 0.5})
    facts = workspace.summary("b1")
    assert all(len(line) <= 80 for line in lines_of(facts))
    return {fact.name: (fact.text, fact.data) for fact in facts}


def test_of_one_sound_everything_is_shown(tmp_path: Path) -> None:
    facts = _summary(tmp_path, Limited(), "boots on wood")
    texts = {name: text for name, (text, _) in facts.items()}
    assert texts["prompt"] == "boots on wood"
    assert texts["checkpoint"] == "tiny (limited)"
    assert texts["output"].endswith("_boots_on_wood.wav")
    assert texts["time"].endswith(" min), cuda")
    assert texts["sound"] == "8000 Hz, 1 channel, 0.5 s (target: 0.5 s), shape [1, 4000]"
    assert texts["level"].startswith("RMS 0.17")
    assert " dB), peak 0.24" in texts["level"]
    assert "LUFS, true peak" in texts["loudness"]
    assert texts["phase"].startswith("The phase is not defined: ")
    assert texts["settings"].startswith("CFG scale 3.5, steps 8, seed ")
    assert "It is the only take." in texts["score"]
    assert "The steps have no regular pace" in texts["problems"]
    assert facts["sound"][1]["audio_shape"] == [1, 4000]


def test_of_silence_no_level_is_invented(tmp_path: Path) -> None:
    texts = {name: text for name, (text, _) in _summary(tmp_path, Silent(), "rain").items()}
    assert texts["level"] == "RMS 0.000000 (silent), peak 0.000000 (silent)"
    assert texts["loudness"] == "not defined: the sound is quieter than -70 LUFS"
    assert texts["problems"] == "The sound is silent."


def test_of_several_sounds_each_file_is_named(tmp_path: Path) -> None:
    facts = _summary(tmp_path, Silent(), *["rain"] * 12)
    assert facts["sounds"][0] == "12 of 12 sounds kept, scores 0 to 0"
    assert facts["j2"][1]["file"].endswith("_rain.wav")
    assert facts["others"] == ("2 more", 2)
    assert facts["problems"][0] == "silent (12)"


def test_a_batch_that_failed_says_why(tmp_path: Path) -> None:
    facts = _summary(tmp_path, Silent(fails=True), "rain")
    assert facts["sounds"][0] == "0 of 1 sound kept"
    assert facts["errors"][0] == "1: The prompt is refused."
