"""The page about scorers says what the program does."""

import re
from pathlib import Path

from engine.backends.local import LocalSettings
from engine.backends.local_sounds import LocalSoundsSettings
from engine.models.scorers.aesthetic import SHA256
from engine.models.scorers.calibration import MAPS
from engine.models.scorers.models import _PUBLISHED
from engine.models.scorers.sounds.options import METRICS, SOUND_MAPS
from engine.models.scorers.vqa_prompts import QUESTION

PAGE = (Path(__file__).parents[3] / "docs" / "scorers.md").read_text()


def test_the_anchors_of_every_map_are_there() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+-\d+)` \| ([^|]+) \|", PAGE, re.MULTILINE))
    told = {
        made.version: "; ".join(f"{raw:g}, {value:g}" for raw, value in made.anchors)
        for made in (*MAPS.values(), *SOUND_MAPS.values())
    }
    assert rows == told


def test_the_default_scorers_and_their_models_are_there() -> None:
    settings = LocalSettings()
    table = PAGE[PAGE.index("| metric |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| (yes)? ?\|$", table, re.MULTILINE)
    assert tuple(name for name, optional in rows if not optional) == settings.scorers
    assert {name for name, _ in rows} == set(MAPS)
    for source in (settings.pickscore, settings.vqascore):
        assert f"`{source}`" in PAGE


def test_the_scorers_of_sounds_and_their_metrics_are_there() -> None:
    part = PAGE[PAGE.index("## Scorers of sounds") :]
    assert all(f"`{name}`" in part for names in METRICS.values() for name in names)
    assert f"`{LocalSoundsSettings().clap}`" in part


def test_the_question_and_the_names_of_open_clip_are_there() -> None:
    assert f"    {QUESTION}\n" in PAGE
    assert all(f"`{name}`" in PAGE for name in _PUBLISHED)
    assert SHA256.startswith("21dd590f")
