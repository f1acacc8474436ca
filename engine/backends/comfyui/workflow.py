"""Workflows in ComfyUI's API format, with named slots that a request fills.

A slot names inputs of nodes as `NODE.INPUT`. The workflows that come with Safelight lie beside
this module as `{"slots": ..., "output": ..., "graph": ...}`; an operator's own may have that form
too, or be the bare graph that ComfyUI exports, with its slots declared in the settings.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.capabilities.files import open_regular

MAX_WORKFLOW_BYTES = 4 * 2**20
BUILT_IN = ("txt2img", "img2img", "refiner", "upscale")

SlotName = Literal[
    "prompt",
    "negative",
    "seed",
    "width",
    "height",
    "base_width",
    "base_height",
    "steps",
    "switch_step",
    "cfg",
    "denoise",
    "reference",
    "checkpoint",
    "refiner",
    "upscaler",
]
"""What a request or the settings can put into a workflow."""


class Node(BaseModel):
    """One node of a graph; what else ComfyUI writes with it is kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    class_type: str
    inputs: dict[str, Any]


class Workflow(BaseModel):
    """A graph and where a request's values go in it.

    Attributes:
        name: Name of a built-in one, or of the file.
        graph: Nodes by id, in API format.
        slots: Inputs, as `NODE.INPUT`, by what goes into them.
        output: The node whose picture is the result; by default the first that saves one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    graph: dict[str, Node] = Field(min_length=1)
    slots: dict[SlotName, list[str]] = Field(default_factory=dict)
    output: str | None = None

    @model_validator(mode="after")
    def _places_exist(self) -> Self:
        for slot, places in self.slots.items():
            for place in places:
                node, _, name = place.rpartition(".")
                if node not in self.graph or name not in self.graph[node].inputs:
                    raise ValueError(f"slot {slot}: there is no input {place!r} in the workflow")
        if self.output is not None and self.output not in self.graph:
            raise ValueError(f"output: there is no node {self.output!r} in the workflow")
        return self

    def with_slots(self, slots: Mapping[SlotName, list[str]]) -> "Workflow":
        """The same workflow with more slots, or with others in their place.

        Raises:
            ValidationError: A slot names an input that is not there.
        """
        plain = self.model_dump(mode="json")
        return Workflow.model_validate({**plain, "slots": {**plain["slots"], **slots}})

    def filled(self, values: Mapping[SlotName, Any]) -> dict[str, Any]:
        """The graph as it is sent, with values in its slots; None leaves what is there."""
        graph = copy.deepcopy(
            {id_: node.model_dump(mode="json") for id_, node in self.graph.items()}
        )
        for slot, value in values.items():
            for place in self.slots.get(slot, ()) if value is not None else ():
                node, _, name = place.rpartition(".")
                graph[node]["inputs"][name] = value
        return graph

    def value(self, slot: SlotName) -> Any:
        """What stands in a slot of the workflow itself, None where it has no such slot."""
        for place in self.slots.get(slot, ()):
            node, _, name = place.rpartition(".")
            return self.graph[node].inputs[name]
        return None

    @property
    def node_types(self) -> set[str]:
        """The kinds of its nodes."""
        return {node.class_type for node in self.graph.values()}

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with the graph or its slots."""
        text = json.dumps(self.model_dump(mode="json", exclude={"name"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def load(written: Any) -> Any:
    """A workflow from what stands in the settings: a built-in name, a path, or a workflow itself.

    A file is read when a batch is queued, and the batch keeps what was in it.

    Raises:
        ValueError: There is none of that name, or the file is not a workflow; a sentence.
    """
    if not isinstance(written, str):
        return written
    if written in BUILT_IN:
        file = resources.files("engine.backends.comfyui") / "workflows" / f"{written}.json"
        return {"name": written, **json.loads(file.read_text(encoding="utf-8"))}
    return {"name": Path(written).stem[:80], **_read(written)}


def _read(written: str) -> dict[str, Any]:
    try:
        with open_regular(Path(written).expanduser(), MAX_WORKFLOW_BYTES) as file:
            found = json.loads(file.read())
    except FileNotFoundError:
        names = ", ".join(BUILT_IN)
        raise ValueError(f"is neither a file nor one of {names}") from None
    except (OSError, RecursionError, RuntimeError) as error:
        raise ValueError(f"cannot be read: {error}") from None
    except ValueError as error:
        raise ValueError(f"is not a workflow: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("is not a workflow in API format")  # noqa: TRY004 - pydantic wants it
    if "nodes" in found and "links" in found:
        raise ValueError("is a workflow of the editor; export it with 'Export (API)'")
    known = {"graph", "slots", "output"}
    return {k: v for k, v in found.items() if k in known} if "graph" in found else {"graph": found}
