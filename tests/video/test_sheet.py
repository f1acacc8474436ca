"""A contact sheet of a film shows the middle of each shot."""

import io
from collections import Counter

import pytest

from engine.video.plan import FilmPlan, Shot
from tests.support.optional import needs

needs("av", "cv2", "numba")


def test_a_sheet_has_a_frame_of_each_shot():
    import numpy as np
    from PIL import Image

    from engine.video.encode import render_segment
    from engine.video.sheet import film_sheet

    images = [np.full((72, 128, 4), (value,) * 3 + (255,), np.uint8) for value in (40, 220)]
    shots = (Shot(0, 1, 0, image=0), Shot(1, 2, 1, image=1))
    plan = FilmPlan(128, 72, 10, 2.0, shots)
    film = render_segment(plan, images, [], 0, 19, "preview")
    sheet = Image.open(io.BytesIO(film_sheet(film, plan, ("verse",))))
    assert sheet.width > 2 * 384
    row = np.asarray(sheet.convert("L"))[110]
    assert abs(int(row[200]) - 40) < 12 and abs(int(row[600]) - 220) < 12


@pytest.mark.parametrize("images", [2, 3, 5])
def test_a_long_film_shows_all_images_that_take_turns(images: int):
    """Every second or third shot of them would show one image only."""
    from engine.video.sheet import sheet_shots

    shots = [Shot(at, at + 1, 0, image=at % images) for at in range(48 * images)]
    chosen = sheet_shots(shots)
    counts = Counter(shot.image for shot in chosen)
    assert len(chosen) == 48 and set(counts) == set(range(images))
    assert max(counts.values()) - min(counts.values()) <= 1
    starts = [shot.start for shot in chosen]
    assert starts == sorted(set(starts)) and starts[-1] >= len(shots) - images
    assert sheet_shots(shots[:10]) == shots[:10] and sheet_shots([]) == []
