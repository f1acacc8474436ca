"""Samples of an earlier export that a new one keeps."""

import json
from collections.abc import Iterable
from typing import Any

from engine.outputs.folder import ExportError
from engine.recipes.visual_prompts.documents import Record
from engine.text.terminal import quoted


def read_export(data: bytes, name: str) -> tuple[str, list[Record]]:
    """Return the data set and the records of an export, ours or of the same format.

    Args:
        data: Bytes of `visual_prompts_complete.json`.
        name: Path of the file for messages.

    Raises:
        ExportError: It is no such export.
    """
    try:
        document: Any = json.loads(data)
        records = document["samples"]
        dataset = str(document.get("metadata", {}).get("dataset_path", ""))
        if all(_is_record(one) for one in records):
            return dataset, list(records)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        pass
    raise ExportError(
        f"{name} is not an export of visual prompts, and is left as it is; "
        "move it away or choose another folder with --output-dir."
    )


def _is_record(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and type(value.get("sample_idx")) is int
        and isinstance(value.get("prompts"), list)
        and all(isinstance(one, dict) for one in value["prompts"])
    )


def merged(earlier: Iterable[Record], new: Iterable[Record], batch: str) -> list[Record]:
    """Return the records of both, in the order of their samples.

    Of two records of one sample the new one is taken, unless it failed and the earlier one, of
    another batch, has prompts.

    Args:
        earlier: Records of the file as it is.
        new: Records of a batch.
        batch: Name of the batch.
    """
    found = {one["sample_idx"]: one for one in earlier if one.get("batch") != batch}
    for record in new:
        known = found.get(record["sample_idx"])
        if record["prompts"] or not (known and known["prompts"]):
            found[record["sample_idx"]] = record
    return [found[index] for index in sorted(found)]


def refuse_other(earlier: str, dataset: str, name: str) -> None:
    """Refuse to add samples of one data set to the export of another.

    Raises:
        ExportError: The data sets differ.
    """
    if earlier and earlier != dataset:
        raise ExportError(
            f"{name} holds prompts of the data set {quoted(earlier)}, not {quoted(dataset)}, and "
            "is left as it is; choose another folder with --output-dir."
        )
