"""Tiny models of stable-audio-tools, saved once for all tests and loaded by the real code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.diffusion.desks import CpuPlace
from tests.support import tiny_stable_audio as tiny

Load = Callable[..., Any]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model for each objective, and the text encoder `t5`."""
    tiny.prepare()
    folder = tmp_path_factory.mktemp("sound-models")
    text = tiny.save_text(folder / "t5")
    for objective in ("v", "rectified_flow", "rf_denoiser"):
        tiny.save(folder / objective, text, objective)
    return folder


@pytest.fixture(scope="session")
def load(models: Path) -> Load:
    """Loads a model by its name and options; the same options give the same loaded model."""
    from engine.models.sound.loading import load as load_options
    from engine.models.sound.options import SoundModelOptions

    loaded: dict[str, Any] = {}

    def get(name: str, **options: Any) -> Any:
        text = str(models / "t5")
        asked = SoundModelOptions(
            **{"model": str(models / name), "text_encoder": text, **options}
        ).model_dump_json()
        if asked not in loaded:
            loaded[asked] = load_options(asked, CpuPlace())
        return loaded[asked]

    return get
