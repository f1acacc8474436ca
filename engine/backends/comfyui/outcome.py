"""Outcome of a finished prompt: a file, or the reason for its failure."""

import re
from typing import Any

from engine.backends.comfyui.media import MEDIA, Medium
from engine.backends.comfyui.states import PromptFinished
from engine.backends.comfyui.workflow import Workflow
from engine.backends.common.failures import Account
from engine.contract import Permanent, Retryable

_OUT_OF_MEMORY = re.compile(
    r"OutOfMemory|out of memory|not enough memory|cannot allocate memory|alloc_failed"
    r"|allocation on device",
    re.IGNORECASE,
)
"""Torch's and ComfyUI's out-of-memory errors, by error type or by message."""


def file_of(account: Account, ended: PromptFinished, workflow: Workflow) -> tuple[str, str, str]:
    """File name, folder and kind (`output`, `temp`) of the file that a prompt generated.

    Args:
        account: Whose errors they are.
        ended: What the server says of the prompt.
        workflow: The workflow; it says which node is meant, and whether an image or a sound.

    Raises:
        StepError: It has failed, was interrupted, or has left no such file.
    """
    _refuse_failure(account, ended)
    medium = MEDIA[workflow.makes]
    for file in _files(ended.outputs, workflow.output, medium):
        name, folder, kind = (file.get(key, "") for key in ("filename", "subfolder", "type"))
        if isinstance(name, str) and name and isinstance(folder, str):
            return name, folder, kind if isinstance(kind, str) else "output"
    raise Permanent(
        f"The workflow has left no {medium.name} behind.",
        remedy=f"Its output has to be a node that saves or previews {medium.described}.",
    )


def _refuse_failure(account: Account, ended: PromptFinished) -> None:
    if ended.status.get("status_str") != "error":
        return
    kind, data = _last_trouble(ended.status.get("messages"))
    if kind == "execution_interrupted":
        raise Retryable("The prompt was interrupted in ComfyUI.", resubmit=True)
    node = f"node {data.get('node_id')} ({data.get('node_type')})"
    sentence = account.say(f"{node}: {data.get('exception_type')}: {data.get('exception_message')}")
    message = f"ComfyUI could not do it: {sentence}"
    if _OUT_OF_MEMORY.search(f"{data.get('exception_type')} {data.get('exception_message')}"):
        raise Retryable(message, resubmit=True, remedy="Use a smaller size, or free memory.")
    raise Permanent(message)


def _files(outputs: dict[str, Any], output: str | None, medium: Medium) -> list[dict[str, Any]]:
    """Files of the output node, or of the one that left some; saved ones before previews."""
    nodes = {output: outputs.get(output)} if output is not None else outputs
    by_node = {id_: files for id_, node in nodes.items() if (files := _files_in(node, medium))}
    saved = {id_: files for id_, files in by_node.items() if files[0].get("type") == "output"}
    by_node = saved or by_node
    if len(by_node) > 1:
        raise Permanent(
            f"The workflow left {medium.name}s at several nodes: "
            f"{', '.join(sorted(map(str, by_node)))}.",
            remedy=f"Queue it again with comfyui.{medium.prefix}output set to the one that is "
            "the result.",
        )
    return next(iter(by_node.values()), [])


def _files_in(node: Any, medium: Medium) -> list[dict[str, Any]]:
    listed = node.get(medium.output) if isinstance(node, dict) else None
    candidates = (
        [file for file in listed if isinstance(file, dict)] if isinstance(listed, list) else []
    )
    return sorted(candidates, key=lambda file: file.get("type") != "output")


def _last_trouble(messages: Any) -> tuple[str, dict[str, Any]]:
    for message in reversed(messages if isinstance(messages, list) else []):
        if (
            isinstance(message, list)
            and len(message) == 2
            and str(message[0]) in {"execution_error", "execution_interrupted"}
            and isinstance(message[1], dict)
        ):
            return str(message[0]), message[1]
    return "", {}
