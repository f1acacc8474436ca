"""Slots of a workflow that makes a clip."""

from engine.backends.comfyui.graph import Graph, upstream
from engine.backends.comfyui.slots import loaded, with_common
from engine.backends.comfyui.sounds import numbers

_RATES = ("frame_rate", "fps")


def find_clip_slots(graph: Graph, ends: list[str]) -> dict[str, list[str]]:
    """The places of a request's values; a value that has none is left out.

    Args:
        graph: The graph.
        ends: The nodes whose clip is the result.
    """
    nodes = upstream(graph, ends)
    places = {
        "width": numbers(graph, nodes, "width"),
        "height": numbers(graph, nodes, "height"),
        "frames": numbers(graph, nodes, "length"),
        "frame_rate": [place for name in _RATES for place in numbers(graph, nodes, name)],
        "first_image": loaded(graph, nodes, "image"),
    }
    return with_common(graph, nodes, places)
