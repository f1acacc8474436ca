"""A contact sheet of a film shows the middle of each shot."""

import io

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
