"""The example of a film from Python."""

import runpy
from pathlib import Path

import pytest

from tests.recipes.music_video.song import SMALL, song
from tests.support.optional import needs

needs("soundfile", "scipy", "av", "cv2", "numba", "opentimelineio")

EXAMPLE = Path(__file__).parents[3] / "examples" / "music_video.py"


@pytest.mark.usefixtures("one_process")
def test_the_example_changes_the_plan_and_makes_the_film(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tune.wav"
    path.write_bytes(song())
    runpy.run_path(str(EXAMPLE))["main"](path, str(tmp_path / "w"), **SMALL, quality="draft")
    printed = capsys.readouterr().out
    assert "0.0 s" in printed
    assert "tune: 6 s, 128 pixels wide" in printed
    spec = (tmp_path / "w" / "outputs" / "music_videos" / "tune" / "render_spec.json").read_text()
    assert '"transitionIn": "wipe"' in spec
