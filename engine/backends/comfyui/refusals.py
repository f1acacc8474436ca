"""Validation errors of ComfyUI for a workflow, and the model files that are missing."""

import re
from typing import Any

from engine.backends.common.failures import Account
from engine.backends.common.reading import word
from engine.contract import Blocked, Permanent

_FILE_INPUT = re.compile(
    r"(?:ckpt|checkpoint|lora|vae|unet|clip|control_net|model|gligen|hypernetwork)_name\d?$"
)
_FILE = re.compile(r"\.(?:safetensors|sft|ckpt|pth?|bin|gguf|onnx)$", re.IGNORECASE)
"""Names of inputs that choose a file, and suffixes of model files; samplers and schedulers
are chosen from lists in the same way and are not files."""


class WorkflowRefused(Permanent):
    """The server's validation refuses a workflow.

    Attributes:
        missing_files: Names of model files that the server does not have.
        others: What else is wrong, in words.
    """

    def __init__(self, account: Account, answer: dict[str, Any]) -> None:
        problems = list(node_problems(mapping(answer.get("node_errors"))))
        error = mapping(answer.get("error"))
        sentences = [text for text, _ in problems] or [
            f"{error.get('message')} {error.get('details')}"
        ]
        super().__init__(
            f"ComfyUI refuses the workflow: {account.say('; '.join(sentences))}",
            remedy="Run the workflow in ComfyUI itself to see what it lacks.",
        )
        self.missing_files = [name for _, name in problems if name]
        self.others = [text for text, name in problems if not name]

    def explained(self, account: Account) -> Permanent | Blocked:
        """The same error; one that parks if only model files are missing."""
        if not self.missing_files or self.others:
            return self
        return Blocked(
            self.message,
            reason="weights",
            remedy=f"Put {account.say(', '.join(self.missing_files), 120)} into ComfyUI's "
            "models folder, or set comfyui.model (refiner, upscaler) to a file that is there, "
            "then resume.",
        )


def node_problems(node_errors: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the problem of each node, with the missing model file if that is the cause."""
    texts = []
    for id_, node in node_errors.items():
        for error in mappings(mapping(node).get("errors")):
            where = f"node {id_} ({mapping(node).get('class_type')})"
            text = f"{where}: {error.get('message')} {error.get('details')}".strip()
            texts.append((text, _missing_file(error)))
    return texts


def _missing_file(error: dict[str, Any]) -> str:
    """Model file that an error is about; empty if it is about something else."""
    info = mapping(error.get("extra_info"))
    value, name = word(info.get("received_value")), word(info.get("input_name"))
    is_file = _FILE_INPUT.search(name) or _FILE.search(value)
    return value if is_file and error.get("type") == "value_not_in_list" else ""


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """Objects of a list; none if it is not a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
