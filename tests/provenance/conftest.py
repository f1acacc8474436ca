"""One studio that has run, shared by the tests that only read it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.client.workspace import Workspace
from tests.support.media_files import image
from tests.support.sounds import encoded_noise
from tests.support.studio import Studio


class Made(NamedTuple):
    """A studio after one job with a picture and a song of the user's."""

    studio: Studio
    folder: Path
    workspace: Workspace


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    base = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config"))
        (base / "me.png").write_bytes(image(size=(40, 30)))
        (base / "song.flac").write_bytes(encoded_noise(0.3, "FLAC"))
        studio = Studio(base / "w")
        folder = studio.run(picture=str(base / "me.png"), song=str(base / "song.flac"))
        yield Made(studio, folder, studio.workspace())
