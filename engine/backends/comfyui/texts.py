"""Locations of a workflow's texts: from a sampler back to the texts that lead to it."""

from collections.abc import Iterable, Iterator

from engine.backends.comfyui.graph import Graph, linked, links

_ENCODED = (
    *("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "bert", "mt5xl"),
    *("prompt", "user_prompt", "wildcard_text", "populated_text", "tags"),
)
"""Inputs of the nodes that make conditioning of text."""

_OWN = {
    "positive": ("positive", "positive_prompt", "text_positive"),
    "negative": ("negative", "negative_prompt", "text_negative"),
}
"""Inputs of nodes that take both texts."""

_STRINGS = ("value", "text", "string", "prompt", "populated_text", "wildcard_text")
"""Inputs of nodes that hold or pass on a text, the likeliest first."""

TEXT_INPUTS = frozenset({*_ENCODED, *_STRINGS, *_OWN["positive"], *_OWN["negative"]})
"""Inputs that may hold a text of an image."""

_PASSED_ON = frozenset({"", "any", "anything", "input", "source", "*"})
"""Inputs of nodes that pass on whatever they are given."""

_PIPES = frozenset({"pipe", "basic_pipe", "guider"})
_EMPTIED = frozenset({"ConditioningZeroOut"})


class Texts:
    """Follows conditioning and strings of one graph.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._seen = set[tuple[str, str]]()

    def behind(self, sampler: str, role: str) -> list[str]:
        """The inputs whose texts a sampler is given as `positive` or `negative`."""
        self._seen.clear()
        inputs = self._graph[sampler].inputs
        if guider := linked(self._graph, inputs.get("guider")):
            return self._of_guider(guider[0], role)
        return self._follow(sampler, role, 0 if role == "positive" else 1)

    def of(self, id_: str, role: str) -> list[str]:
        """The inputs of one node that hold a text of a role, strings that lead there included."""
        inputs = self._graph[id_].inputs
        both = [name for name in _OWN[role] if isinstance(inputs.get(name), str)]
        takes_both = any(isinstance(inputs.get(n), str) for names in _OWN.values() for n in names)
        names = both if takes_both and (both or role == "negative") else _ENCODED
        return list(dict.fromkeys(place for name in names for place in self._text(id_, name)))

    def _of_guider(self, id_: str, role: str) -> list[str]:
        inputs = self._graph[id_].inputs
        names = [role] if role == "negative" else ["positive", "conditioning", "cond1"]
        targets = [target for name in names if (target := linked(self._graph, inputs.get(name)))]
        return [place for target in targets[:1] for place in self._trace(*target, role)]

    def _trace(self, id_: str, index: int, role: str) -> list[str]:
        """Texts that an output consists of."""
        if (id_, role) in self._seen or self._graph[id_].class_type in _EMPTIED:
            return []
        self._seen.add((id_, role))
        return self.of(id_, role) or self._follow(id_, role, index)

    def _follow(self, id_: str, role: str, index: int) -> list[str]:
        return [
            place
            for target, output in self._onward(id_, role, index)
            for place in self._trace(target, output, role)
        ]

    def _onward(self, id_: str, role: str, index: int) -> Iterator[tuple[str, int]]:
        """Source of an output's conditioning."""
        inputs = self._graph[id_].inputs
        both = {name: linked(self._graph, inputs.get(name)) for name in _OWN}
        if all(both.values()):
            role = {0: "positive", 1: "negative"}.get(index, role)
        if target := both[role]:
            yield target
            return
        for name, node, output in links(self._graph, id_):
            if name.startswith("cond") or name in _PASSED_ON or name in _PIPES:
                yield node, output

    # -- strings ------------------------------------------------------------------------------

    def _text(self, id_: str, name: str) -> list[str]:
        value = self._graph[id_].inputs.get(name)
        if isinstance(value, str):
            return [f"{id_}.{name}"]
        target = linked(self._graph, value)
        return self._string(target[0], {id_}) if target else []

    def _string(self, id_: str, seen: set[str]) -> list[str]:
        """The one text that a node of strings passes on; none if it joins several."""
        if id_ in seen:
            return []
        inputs = self._graph[id_].inputs
        from_elsewhere = [
            place
            for name, target, _ in links(self._graph, id_)
            if name in _PASSED_ON or name in _STRINGS or name.startswith(("string", "text"))
            for place in self._string(target, {*seen, id_})
        ]
        if from_elsewhere:
            return from_elsewhere if len(set(from_elsewhere)) == 1 else []
        strings = [name for name, value in inputs.items() if isinstance(value, str)]
        likely = [name for name in _STRINGS if name in strings] or (
            strings if len(strings) == 1 else []
        )
        return [f"{id_}.{name}" for name in likely[:1]]


def text_nodes(graph: Graph, ids: Iterable[str]) -> list[str]:
    """The nodes among some that hold a text to be shown as an image."""
    texts = Texts(graph)
    return [id_ for id_ in ids if texts.of(id_, "positive")]
