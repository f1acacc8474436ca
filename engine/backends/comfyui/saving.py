"""The node of a workflow whose image is the result."""

from engine.backends.comfyui.graph import Graph, links

_IMAGES = frozenset({"images", "image"})


def savers(graph: Graph) -> list[str]:
    """The nodes that may hold the result: those that save images, else those that preview them.

    ComfyUI does not list the nodes that save; their names and inputs give them away.
    """
    return _named(graph, "save") or _named(graph, "preview")


def result_node(graph: Graph) -> str | None:
    """The one node that saves; None if there are several or none."""
    nodes = savers(graph)
    return nodes[0] if len(nodes) == 1 else None


def _named(graph: Graph, word: str) -> list[str]:
    return [
        id_
        for id_, node in graph.items()
        if word in node.class_type.lower()
        and any(name in _IMAGES for name, _, _ in links(graph, id_))
    ]
