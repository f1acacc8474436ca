"""A graph in ComfyUI's API format: nodes, and the links that their inputs may be."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from engine.text.terminal import clean


class GraphNode(BaseModel):
    """One node of a graph; what else ComfyUI writes with it is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    class_type: str
    inputs: dict[str, Any]


Graph = Mapping[str, GraphNode]


def linked(graph: Graph, value: Any) -> tuple[str, int] | None:
    """Node and output that an input is linked to; None if it is not a link to a node."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[1], int)):
        return None
    id_ = str(value[0])
    return (id_, value[1]) if id_ in graph else None


def links(graph: Graph, id_: str) -> Iterator[tuple[str, str, int]]:
    """The inputs of a node that are links: name, node, output."""
    for name, value in graph[id_].inputs.items():
        if target := linked(graph, value):
            yield name, *target


def upstream(graph: Graph, ends: list[str]) -> list[str]:
    """The nodes that lead to some ends, the ends first."""
    nodes = dict.fromkeys(ends)
    waiting = list(nodes)
    while waiting:
        for _, target, _ in links(graph, waiting.pop(0)):
            if target not in nodes:
                nodes[target] = None
                waiting.append(target)
    return list(nodes)


def parts_of(graph: Graph, place: str) -> tuple[str, str] | None:
    """Node and input of a place `NODE.INPUT`, either of which may hold dots; None for none."""
    dots = [at for at, sign in enumerate(place) if sign == "."]
    for at in dots:
        id_, name = place[:at], place[at + 1 :]
        if id_ in graph and name in graph[id_].inputs:
            return id_, name
    return None


def called(graph: Graph, id_: str) -> str:
    """A node for people: its id, its kind, and its title if it has one."""
    kind = graph[id_].class_type
    meta = (graph[id_].model_extra or {}).get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    title_shown = (
        f" '{clean(title, 40)}'" if isinstance(title, str) and title not in {"", kind} else ""
    )
    return f"{clean(id_, 20)} ({clean(kind, 40)}{title_shown})"
