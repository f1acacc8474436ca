"""Keyframes that have the layout of another image."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from tests.recipes.music_video.test_loop import PARTS, Images, plan, run
from tests.support.media_files import image
from tests.support.optional import needs

needs("soundfile", "scipy", "av", "cv2", "numba", "opentimelineio")

pytestmark = pytest.mark.usefixtures("one_process")


def keyframes(
    root: Path, *, takes: bool = True, fields: dict[str, Any] | None = None, **settings: Any
) -> tuple[Images, Workspace]:
    """Run a song of two sections with two images each."""
    images = Images()
    images.info = replace(images.info, takes_control=takes)
    root.mkdir(exist_ok=True)
    (root / "layout.png").write_bytes(image("PNG"))
    entry = {"sections": PARTS, **(fields or {})}
    return images, run(root, images, plan(), fields=entry, reference="none", **settings)


def warnings(workspace: Workspace) -> list[str]:
    with workspace.reading() as connection:
        rows = connection.execute(
            "select message from events where type = 'job.warning'"
        ).fetchall()
    return [str(message) for (message,) in rows]


def test_keyframes_have_the_layout_of_the_one_before(tmp_path: Path) -> None:
    images, _ = keyframes(tmp_path, control="previous")
    controls = [asked.control for asked in images.asked]
    assert controls[0] is None
    assert len({one.hash for one in controls[1:] if one}) == len(controls) - 1
    assert {asked.reference for asked in images.asked} == {None}


def test_keyframes_have_the_layout_of_an_image_of_the_entry(tmp_path: Path) -> None:
    images, _ = keyframes(tmp_path, control="image", fields={"control_image": "layout.png"})
    [control] = {asked.control for asked in images.asked}
    assert control is not None
    assert control.media_type == "image/png"


@pytest.mark.parametrize(
    ("takes", "control", "words"),
    [(False, "section", "diffusers.controlnet"), (True, "image", "no `control_image`")],
)
def test_a_layout_that_cannot_be_had_is_left_out_with_a_warning(
    tmp_path: Path, takes: bool, control: str, words: str
) -> None:
    images, workspace = keyframes(tmp_path, takes=takes, control=control)
    assert {asked.control for asked in images.asked} == {None}
    assert any(words in one for one in warnings(workspace))
