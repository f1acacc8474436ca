"""Tiny models, saved once for all tests, and loaded by the real code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.diffusion.desks import CpuPlace
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_sounds
from tests.support.optional import needs

needs("torch", "diffusers")

Load = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Numpy's warnings about diffusers' schedulers, at each step, are not about us."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `sd15`, `sdxl`, `refiner` and `flux` in it."""
    tiny.prepare()
    folder = tmp_path_factory.mktemp("models")
    for build in (tiny.sd15, tiny.sdxl, tiny.refiner, tiny.flux):
        tiny.saved(build, folder / build.__name__)
    return folder


@pytest.fixture(scope="session")
def load(models: Path) -> Load:
    """Loads a model by its name and options; the same options give the same loaded model."""
    from engine.models.diffusion.loading import load as load_options
    from engine.models.diffusion.options import PipelineOptions

    loaded: dict[str, Any] = {}

    def get(name: str, *, fresh: bool = False, **options: Any) -> Any:
        asked = PipelineOptions(model=str(models / name), **options).model_dump_json()
        if fresh or asked not in loaded:
            model = load_options(asked, CpuPlace())
            if fresh:
                return model
            loaded[asked] = model
        return loaded[asked]

    return get


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for models of sounds, with `stable_audio` of three seconds in it."""
    tiny.prepare()
    folder = tmp_path_factory.mktemp("sounds")
    tiny.saved(tiny_sounds.stable_audio, folder / "stable_audio")
    return folder


@pytest.fixture(scope="session")
def load_sound(sounds: Path) -> Load:
    """Loads a model of sounds by its name and options, a new one each time."""
    from engine.models.diffusion.sound_loading import load as load_options
    from engine.models.diffusion.sound_options import SoundPipelineOptions

    def get(name: str = "stable_audio", **options: Any) -> Any:
        asked = SoundPipelineOptions(model=str(sounds / name), **options)
        return load_options(asked.model_dump_json(), CpuPlace())

    return get
