"""Workflows in ComfyUI's API format, with named slots that a request fills.

A slot names inputs of nodes as `NODE.INPUT`. The workflows that come with Safelight lie beside
this module as `{"slots": ..., "output": ..., "graph": ...}`; an operator's own may have that form
too, or be the bare graph that ComfyUI exports, or what is posted to it. Slots that it does not
declare are found by following its links.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from engine.backends.comfyui.clips import find_clip_slots
from engine.backends.comfyui.graph import Graph, GraphNode, called, parts_of
from engine.backends.comfyui.media import CLIP, IMAGE, MEDIA, SOUND, Medium, MediumName
from engine.backends.comfyui.saving import result_node, savers
from engine.backends.comfyui.slots import find_slots
from engine.backends.comfyui.sounds import find_sound_slots
from engine.backends.comfyui.texts import TEXT_INPUTS
from engine.contract.files import open_regular
from engine.text.terminal import clean

MAX_WORKFLOW_BYTES = 4 * 2**20
_EDITOR = (
    "is a workflow of the editor, which ComfyUI does not run as it is; export it there with "
    "Workflow > Export (API)"
)
BUILT_IN: dict[MediumName, tuple[str, ...]] = {
    "image": ("txt2img", "img2img", "refiner", "upscale"),
    "sound": ("stable-audio", "stable-audio-init"),
    "clip": ("ltx", "ltx-image", "wan-image"),
}
"""Names of the workflows that come with Safelight."""

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
    "seconds",
    "latent_seconds",
    "sampler",
    "init_audio",
    "frames",
    "frame_rate",
    "first_image",
]
"""Values that a request or the settings can put into a workflow."""


_SIZES = frozenset({"width", "height", "base_width", "base_height"})


_NAMES = {"negative": "the negative prompt", "seed": "the seed"}


class Workflow(BaseModel):
    """A graph, with the slots of a request's values.

    Attributes:
        name: Name of a built-in one, or of the file.
        graph: Nodes by id, in API format.
        slots: Inputs, as `NODE.INPUT`, by what goes into them.
        output: The node whose image or sound is the result; by default the one that saves.
        makes: What the result is.
        optional: Slots that were found, and may stay as they are where a request has no value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    graph: dict[str, GraphNode] = Field(min_length=1)
    slots: dict[SlotName, list[str]] = Field(default_factory=dict)
    output: str | None = None
    makes: MediumName = "image"
    optional: tuple[SlotName, ...] = ()

    @field_validator("slots", mode="before")
    @classmethod
    def _one_or_several(cls, slots: Any) -> Any:
        return listed(slots)

    @field_validator("output", mode="before")
    @classmethod
    def _as_text(cls, output: Any) -> Any:
        return str(output) if isinstance(output, int) else output

    @model_validator(mode="after")
    def _places_exist(self) -> Self:
        for slot, places in self.slots.items():
            for place in places:
                if parts_of(self.graph, place) is None:
                    raise ValueError(f"slot {slot}: there is no input {place!r} in the workflow")
        if self.output is not None and self.output not in self.graph:
            raise ValueError(
                f"output: there is no node {self.output!r} in the workflow; "
                f"{self.makes}s are saved by {_called(self.graph, self._savers)}"
            )
        return self

    @property
    def _savers(self) -> list[str]:
        return savers(self.graph, MEDIA[self.makes])

    @property
    def trouble(self) -> str:
        """Why every prompt would make the same result, or nobody knows which; or nothing."""
        name, found = clean(self.name, 80), self._savers
        medium = MEDIA[self.makes]
        if self.output is None and len(found) > 1:
            return (
                f"The workflow {name} saves {self.makes}s at several nodes: "
                f"{_called(self.graph, found)}. Name the one whose {self.makes} is the result, "
                f"for example --set comfyui.{medium.prefix}output={found[0]}."
            )
        if "prompt" not in self.slots:
            return (
                f"The workflow {name} has no place for the prompt: no text was found that leads to "
                f"its {self.makes}, so every prompt would give the same one. It has the texts "
                f"{', '.join(self._texts[:12]) or '(none)'}; name the prompt's input with "
                f"--set comfyui.{medium.prefix}slots.prompt=NODE.INPUT."
            )
        return ""

    def words_without(self) -> list[str]:
        """Words for those of negative prompt and seed that have no place."""
        return [_NAMES[name] for name in self.without("negative", "seed")]

    def lacking(self, lacks: list[str]) -> list[str]:
        """The sentence that names what the workflow has no place for; none if it has for all."""
        return [f"The workflow {self.name} has no place for {', '.join(lacks)}."] if lacks else []

    @property
    def _texts(self) -> list[str]:
        return [
            clean(f"{id_}.{name}", 60)
            for id_, node in self.graph.items()
            for name, value in node.inputs.items()
            if isinstance(value, str) and name in TEXT_INPUTS
        ]

    def without(self, *wanted: SlotName) -> list[SlotName]:
        """Those of some slots that have no place."""
        return [name for name in wanted if not self.slots.get(name)]

    @property
    def described(self) -> list[str]:
        """Slots of all values and the image that is taken, one per line."""
        lines = [
            f"{slot}: {', '.join(self._place(place) for place in places)}"
            for slot, places in self.slots.items()
            if places
        ]
        result = called(self.graph, self.output) if self.output else "the node that leaves one"
        return [*lines, f"output: {result}"]

    def _place(self, place: str) -> str:
        parts = parts_of(self.graph, place)
        kind = f" ({clean(self.graph[parts[0]].class_type, 40)})" if parts else ""
        return f"{clean(place, 60)}{kind}"

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
                if parts := parts_of(self.graph, place):
                    graph[parts[0]]["inputs"][parts[1]] = value
        return graph

    def value(self, slot: SlotName) -> Any:
        """Value in a slot of the workflow itself; None if it has no such slot."""
        for place in self.slots.get(slot, ()):
            if parts := parts_of(self.graph, place):
                return self.graph[parts[0]].inputs[parts[1]]
        return None

    @property
    def node_types(self) -> set[str]:
        """The kinds of its nodes."""
        return {node.class_type for node in self.graph.values()}

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with the graph or its slots."""
        plain = self.model_dump(mode="json", exclude={"name", "optional", "makes"})
        text = json.dumps(plain, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def version_of(workflow: Workflow, other: Workflow | None, changes: dict[str, Any]) -> str:
    """Version of a backend's method: everything that changes a result and is in no request.

    Args:
        workflow: The usual workflow.
        other: The one of requests that bring a file; None if there is none.
        changes: Settings that go into slots.
    """
    plain = [workflow.fingerprint, other.fingerprint if other else "", changes]
    return f"1+{hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]}"


def listed(slots: Any) -> Any:
    """Slots as lists of places, if one place is written alone, or all of them as JSON."""
    if isinstance(slots, str):
        try:
            slots = json.loads(slots)
        except (ValueError, RecursionError):
            raise ValueError("write slots as slots.NAME=NODE.INPUT") from None
    if not isinstance(slots, dict):
        return slots
    return {name: _places(places) for name, places in slots.items()}


def _places(places: Any) -> Any:
    if not isinstance(places, str):
        return places
    return [place for part in places.split(",") if (place := part.strip())]


def load(written: Any, output: str | None = None, medium: Medium = IMAGE) -> Any:
    """A workflow from what stands in the settings: a built-in name, a path, or a workflow itself.

    A file is read when a batch is queued, and the batch keeps what was in it.

    Args:
        written: What stands in the settings.
        output: The node whose file is the result, where the settings name one.
        medium: What it has to make.

    Raises:
        ValueError: There is none of that name, or the file is not a workflow; a sentence.
    """
    if not isinstance(written, str):
        return written
    if written in BUILT_IN[medium.name]:
        file = resources.files("engine.backends.comfyui") / "workflows" / f"{written}.json"
        document = {"name": written, **json.loads(file.read_text(encoding="utf-8"))}
        return {**document, "output": output or document["output"], "makes": medium.name}
    name = Path(written).stem[:80]
    document = {"name": name, **_read(written, medium), "makes": medium.name}
    return _completed({**document, "output": output} if output else document)


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """A workflow of a file, with what it does not declare itself."""
    try:
        workflow = Workflow.model_validate(document)
    except ValidationError:
        return document  # whoever validates it says what is wrong
    graph, medium = workflow.graph, MEDIA[workflow.makes]
    output = workflow.output or result_node(graph, medium)
    finders = {SOUND.name: find_sound_slots, CLIP.name: find_clip_slots}
    find = finders.get(medium.name, find_slots)
    slots = find(graph, [output] if output else savers(graph, medium) or list(graph))
    if workflow.slots.keys() & _SIZES:  # they belong together
        slots = {name: places for name, places in slots.items() if name not in _SIZES}
    optional = [name for name in slots if name not in workflow.slots]
    return {
        **document,
        "output": output,
        "slots": {**slots, **workflow.slots},
        "optional": optional,
    }


def _read(written: str, medium: Medium) -> dict[str, Any]:
    try:
        with open_regular(Path(written).expanduser(), MAX_WORKFLOW_BYTES) as file:
            document = json.loads(file.read())
    except FileNotFoundError:
        names = ", ".join(BUILT_IN[medium.name])
        raise ValueError(f"is neither a file nor one of {names}") from None
    except (OSError, RecursionError, RuntimeError) as error:
        raise ValueError(f"cannot be read: {error}") from None
    except ValueError as error:
        raise ValueError(f"is not a workflow: {error}") from None
    if not isinstance(document, dict):
        raise ValueError("is not a workflow in API format")  # noqa: TRY004 - pydantic wants it
    if isinstance(document.get("nodes"), list):
        raise ValueError(_EDITOR)  # noqa: TRY004 - pydantic wants it
    known = {name: document[name] for name in ("slots", "output") if name in document}
    for wrapper in ("graph", "prompt"):  # our own form, and that of a request to /prompt
        if isinstance(document.get(wrapper), dict) and "class_type" not in document[wrapper]:
            return {"graph": document[wrapper], **known}
    return {"graph": document}


def _called(graph: Graph, ids: list[str]) -> str:
    return ", ".join(called(graph, id_) for id_ in ids[:12]) or "no node that is known to save"
