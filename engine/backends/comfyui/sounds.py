"""Slots of a workflow that makes a sound, and the lengths that latents of sound can have."""

import math

from engine.backends.comfyui.graph import Graph, linked, upstream
from engine.backends.comfyui.slots import is_number, loaded, samplers_of, with_common

LATENT_RATE = 44_100
"""Sample rate of Stable Audio in Hz."""

LATENT_SAMPLES = 2 * 2048
"""ComfyUI makes latents of sound with an even number of frames of 2048 samples each."""

MIN_LATENT_SECONDS = 1.0
"""The shortest latent that EmptyLatentAudio makes."""

_TOTALS = ("seconds_total", "duration")
"""Inputs with the length that conditions a model."""


def find_sound_slots(graph: Graph, ends: list[str]) -> dict[str, list[str]]:
    """The places of a request's values; a value that has none is left out.

    Args:
        graph: The graph.
        ends: The nodes whose sound is the result.
    """
    nodes = upstream(graph, ends)
    own = {
        "seconds": [place for name in _TOTALS for place in numbers(graph, nodes, name)],
        "latent_seconds": numbers(graph, nodes, "seconds"),
        "init_audio": loaded(graph, nodes, "audio"),
        "sampler": _sampler_names(graph, samplers_of(graph, nodes)),
    }
    return with_common(graph, nodes, own)


def whole_latent(seconds: float) -> int:
    """Samples, at `LATENT_RATE`, of the shortest latent that holds so many seconds."""
    wanted = max(seconds, MIN_LATENT_SECONDS) * LATENT_RATE
    return math.ceil(round(wanted, 3) / LATENT_SAMPLES) * LATENT_SAMPLES


def numbers(graph: Graph, nodes: list[str], name: str) -> list[str]:
    """Places of a number that is either in the node or in the one that it is linked to."""
    places = []
    for id_ in nodes:
        value = graph[id_].inputs.get(name)
        target = linked(graph, value)
        if is_number(value):
            places.append(f"{id_}.{name}")
        elif target and is_number(graph[target[0]].inputs.get("value")):
            places.append(f"{target[0]}.value")
    return places


def _sampler_names(graph: Graph, samplers: list[str]) -> list[str]:
    if len(samplers) != 1:
        return []
    chosen = linked(graph, graph[samplers[0]].inputs.get("sampler"))
    ids = [samplers[0], *([chosen[0]] if chosen else [])]
    return [
        f"{id_}.sampler_name"
        for id_ in ids
        if isinstance(graph[id_].inputs.get("sampler_name"), str)
    ]
