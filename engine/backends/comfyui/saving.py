"""The node of a workflow whose image or sound is the result."""

from engine.backends.comfyui.graph import Graph, links
from engine.backends.comfyui.media import Medium


def savers(graph: Graph, medium: Medium) -> list[str]:
    """The nodes that may hold the result: those that save it, else those that preview it.

    ComfyUI does not list the nodes that save; their names and inputs give them away.
    """
    return _named(graph, "save", medium) or _named(graph, "preview", medium)


def result_node(graph: Graph, medium: Medium) -> str | None:
    """The one node that saves; None if there are several or none."""
    nodes = savers(graph, medium)
    return nodes[0] if len(nodes) == 1 else None


def _named(graph: Graph, word: str, medium: Medium) -> list[str]:
    return [
        id_
        for id_, node in graph.items()
        if word in node.class_type.lower()
        and any(name in medium.inputs for name, _, _ in links(graph, id_))
    ]
