"""Slots of a workflow for a request's values, found by following its links back from the result."""

import re
from collections.abc import Iterable

from engine.backends.comfyui.graph import Graph, linked, links, upstream
from engine.backends.comfyui.texts import Texts, text_nodes

_SEEDS = ("seed", "noise_seed")
_NUMBERS = ("value", *_SEEDS, "int", "number")
_IMAGE = re.compile(r"(?:images?|pixels|samples|latent(?:_image)?|any|input|)\d*")
"""Inputs through which an image comes, as pixels or as latents."""

_FILES = ("ckpt_name", "unet_name")


def find_slots(graph: Graph, ends: list[str]) -> dict[str, list[str]]:
    """The places of a request's values; a value that has none is left out.

    Args:
        graph: The graph.
        ends: The nodes whose image is the result.
    """
    nodes = upstream(graph, ends)
    own = {**_sizes(graph, ends), "reference": loaded(graph, nodes, "image")}
    return with_common(graph, nodes, own)


def with_common(graph: Graph, nodes: list[str], own: dict[str, list[str]]) -> dict[str, list[str]]:
    """The places of the values that any medium has, then those of its own that have a place."""
    samplers = samplers_of(graph, nodes)
    slots = {
        **_words(graph, nodes, samplers),
        "seed": _seeds(graph, samplers or nodes),
        **own,
        **_sampling(graph, samplers),
    }
    return {name: list(dict.fromkeys(places)) for name, places in slots.items() if places}


def samplers_of(graph: Graph, nodes: list[str]) -> list[str]:
    """The nodes among some that sample."""
    return [id_ for id_ in nodes if _is_sampler(graph, id_)]


def _is_sampler(graph: Graph, id_: str) -> bool:
    inputs = graph[id_].inputs
    guided = linked(graph, inputs.get("positive")) or linked(graph, inputs.get("guider"))
    pipe = linked(graph, inputs.get("pipe")) or linked(graph, inputs.get("basic_pipe"))
    draws = inputs.keys() & {*_SEEDS, "noise", "latent_image"}
    return bool((guided or pipe) and draws)


def _words(graph: Graph, nodes: list[str], samplers: list[str]) -> dict[str, list[str]]:
    """Prompt and negative prompt; a text that leads to both is the prompt's."""
    texts = Texts(graph)
    prompt = [place for id_ in samplers for place in texts.behind(id_, "positive")]
    negative = [place for id_ in samplers for place in texts.behind(id_, "negative")]
    if not prompt:
        others = [id_ for id_ in text_nodes(graph, nodes) if not _in(id_, negative)]
        if len(others) == 1:
            prompt = texts.of(others[0], "positive")
            negative = negative or texts.of(others[0], "negative")
    return {"prompt": prompt, "negative": [place for place in negative if place not in prompt]}


def _in(id_: str, places: Iterable[str]) -> bool:
    return any(place.startswith(f"{id_}.") for place in places)


def _number(graph: Graph, id_: str, name: str) -> list[str]:
    """The place of a whole number: the input itself, or the one that it is linked to."""
    seen = set[str]()
    while id_ not in seen:
        seen.add(id_)
        value = graph[id_].inputs.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return [f"{id_}.{name}"]
        target = linked(graph, value)
        if target is None:
            return []
        id_ = target[0]
        name = next((n for n in (*_NUMBERS, "", "any", "input") if n in graph[id_].inputs), "")
    return []


def _seeds(graph: Graph, ids: Iterable[str]) -> list[str]:
    seeds = []
    for id_ in ids:
        noise = linked(graph, graph[id_].inputs.get("noise"))
        seeds += [
            place for name in _SEEDS for place in _number(graph, noise[0] if noise else id_, name)
        ]
    return seeds


def _sizes(graph: Graph, ends: list[str]) -> dict[str, list[str]]:
    """Size of the result, and the initial size if the image is enlarged afterwards."""
    scaled, begun = list[tuple[str, str]](), list[tuple[str, str]]()
    for id_, comes_from in _image_path(graph, ends):
        wide, high = _number(graph, id_, "width"), _number(graph, id_, "height")
        if wide and high and wide != high:
            (scaled if comes_from else begun).append((wide[0], high[0]))
    if not scaled:
        return {"width": [w for w, _ in begun], "height": [h for _, h in begun]}
    return {
        "width": [w for w, _ in scaled],
        "height": [h for _, h in scaled],
        "base_width": [w for w, _ in begun],
        "base_height": [h for _, h in begun],
    }


def _image_path(graph: Graph, ends: list[str]) -> list[tuple[str, bool]]:
    """The nodes that the image comes through, and whether it comes from another one to each."""
    reached, waiting = dict[str, bool](), list(ends)
    while waiting:
        id_ = waiting.pop(0)
        if id_ in reached:
            continue
        before = [target for name, target, _ in links(graph, id_) if _IMAGE.fullmatch(name)]
        reached[id_] = bool(before)
        waiting += before
    return list(reached.items())


def loaded(graph: Graph, nodes: list[str], name: str) -> list[str]:
    """The one file that is loaded, an `image` or `audio`; none if there are several."""
    loaders = [
        id_
        for id_ in nodes
        if re.fullmatch(rf"Load{name}(?!Mask).*", graph[id_].class_type, re.IGNORECASE)
        and isinstance(graph[id_].inputs.get(name), str)
    ]
    return [f"{id_}.{name}" for id_ in loaders] if len(loaders) == 1 else []


def _sampling(graph: Graph, samplers: list[str]) -> dict[str, list[str]]:
    """Slots of the settings, if a single sampler generates the image."""
    if len(samplers) != 1:
        return {}
    inputs = graph[samplers[0]].inputs
    beside = [linked(graph, inputs.get(name)) for name in ("sigmas", "guider")]
    around = [samplers[0], *(target[0] for target in beside if target)]
    options = {
        name: [f"{id_}.{name}" for id_ in around if is_number(graph[id_].inputs.get(name))]
        for name in ("steps", "cfg", "denoise")
    }
    return {**options, "checkpoint": _checkpoint(graph, around)}


def _checkpoint(graph: Graph, around: list[str]) -> list[str]:
    for id_ in around:
        seen = set[str]()
        target = linked(graph, graph[id_].inputs.get("model"))
        while target and target[0] not in seen:
            seen.add(target[0])
            inputs = graph[target[0]].inputs
            if file := next((n for n in _FILES if isinstance(inputs.get(n), str)), None):
                return [f"{target[0]}.{file}"]
            target = linked(graph, inputs.get("model"))
    return []


def is_number(value: object) -> bool:
    """Return True for a number, and not for a yes or no."""
    return isinstance(value, int | float) and not isinstance(value, bool)
