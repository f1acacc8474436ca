"""Outcome of a finished prompt: an image, or the reason for its failure."""

import re
from typing import Any

from engine.backends.comfyui.states import PromptFinished
from engine.backends.common.failures import Account
from engine.contract import Permanent, Retryable

_OUT_OF_MEMORY = re.compile(
    r"OutOfMemory|out of memory|not enough memory|cannot allocate memory|alloc_failed"
    r"|allocation on device",
    re.IGNORECASE,
)
"""Torch's and ComfyUI's out-of-memory errors, by error type or by message."""


def image_of(account: Account, ended: PromptFinished, output: str | None) -> tuple[str, str, str]:
    """File name, folder and kind (`output`, `temp`) of the image that a prompt generated.

    Args:
        account: Whose errors they are.
        ended: What the server says of the prompt.
        output: The node whose image is meant; any node's by default.

    Raises:
        StepError: It has failed, was interrupted, or has left no image.
    """
    _refuse_failure(account, ended)
    for image in _images(ended.outputs, output):
        name, folder, kind = (image.get(key, "") for key in ("filename", "subfolder", "type"))
        if isinstance(name, str) and name and isinstance(folder, str):
            return name, folder, kind if isinstance(kind, str) else "output"
    raise Permanent(
        "The workflow has left no image behind.",
        remedy="Its output has to be a node that saves or previews an image.",
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


def _images(outputs: dict[str, Any], output: str | None) -> list[dict[str, Any]]:
    """Images of the output node, or of the one that left some; saved ones before previews."""
    nodes = {output: outputs.get(output)} if output is not None else outputs
    by_node = {id_: images for id_, node in nodes.items() if (images := _images_in(node))}
    saved = {id_: images for id_, images in by_node.items() if images[0].get("type") == "output"}
    by_node = saved or by_node
    if len(by_node) > 1:
        raise Permanent(
            f"The workflow left images at several nodes: {', '.join(sorted(map(str, by_node)))}.",
            remedy="Queue it again with comfyui.output set to the one that is the result.",
        )
    return next(iter(by_node.values()), [])


def _images_in(node: Any) -> list[dict[str, Any]]:
    listed = node.get("images") if isinstance(node, dict) else None
    candidates = (
        [image for image in listed if isinstance(image, dict)] if isinstance(listed, list) else []
    )
    return sorted(candidates, key=lambda image: image.get("type") != "output")


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
