"""Objects that are gone once a screen has closed."""

import gc
import weakref
from typing import Any

from tests.tui.support import Place, running, until
from tui.widgets.image import ImageView


def held_by(screen: Any) -> list[weakref.ref[Any]]:
    """The widgets of a screen, and what they have drawn."""
    nodes = screen.walk_children(with_self=True)
    shown = [node for node in nodes if not isinstance(node, ImageView)]  # threads may hold those
    return [weakref.ref(one) for node in shown for one in (node, node._styles_cache)]


async def test_a_closed_screen_leaves_nothing_in_memory(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    place.turn(ids[0], 1, 40, prompt="a lamp")
    place.end(ids[0], 40)
    async with running(place.dashboard(), (100, 40)) as pilot:
        app = pilot.app
        await until(pilot, lambda: app.screen.rows.total)
        closed: list[weakref.ref[Any]] = []
        for open_one in (
            lambda: app.open_batch(1, "evening"),
            lambda: app.open_job(ids[0], "one"),
            lambda: app.show_queue(None),
        ):
            open_one()
            await until(pilot, lambda: len(app.screen_stack) == 2)
            await pilot.pause()
            app.screen._compositor.render_strips()
            closed += held_by(app.screen)
            app.go_batches()
            await until(pilot, lambda: len(app.screen_stack) == 1)

        def are_gone() -> bool:
            gc.collect()
            return all(one() is None for one in closed)

        await until(pilot, are_gone)
