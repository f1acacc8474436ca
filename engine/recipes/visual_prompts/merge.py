"""Samples of an earlier export that a new one keeps."""

import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from engine.contract.folder import ExportError
from engine.recipes.visual_prompts.documents import Record
from engine.recipes.visual_prompts.report import ExportHead
from engine.text.terminal import quoted


class Earlier(NamedTuple):
    """An export as it is.

    Attributes:
        dataset: Its data set; empty if it names none.
        records: Records of its samples.
        head: Its other facts; None if it lacks some.
    """

    dataset: str
    records: list[Record]
    head: ExportHead | None


def read_export(data: bytes, name: str) -> Earlier:
    """Return an export, ours or of the same format.

    Numbers that are not finite, which JSON cannot hold and some programs write, are None.

    Args:
        data: Bytes of `visual_prompts_complete.json`.
        name: Path of the file for messages.

    Raises:
        ExportError: It is no such export.
    """
    try:
        document: Any = json.loads(data, parse_float=_finite, parse_constant=_finite)
        records, metadata = document["samples"], document.get("metadata", {})
        dataset = str(metadata.get("dataset_path", ""))
        if all(_is_record(one) for one in records):
            return Earlier(dataset, list(records), _head_of(metadata))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        pass
    raise ExportError(
        f"{name} is not an export of visual prompts, and is left as it is; "
        "move it away or choose another folder with --output-dir."
    )


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _head_of(metadata: Mapping[str, Any]) -> ExportHead | None:
    try:
        return ExportHead(
            dataset=metadata["dataset_path"],
            timestamp=metadata["generation_timestamp"],
            provider=metadata["llm_provider"],
            sample_rate=metadata["sample_rate"],
            prompts_per_sample=metadata["prompts_per_sample"],
            has_mel=metadata["mel_spectrogram"],
            batch=metadata["batch"],
        )
    except (KeyError, ValidationError):
        return None


def newest(head: ExportHead, earlier: ExportHead | None) -> ExportHead:
    """Return the facts of the batch that ended later, so that an old one written again is old."""
    if earlier is None or earlier.batch == head.batch or earlier.timestamp <= head.timestamp:
        return head
    return earlier


def _is_record(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and type(value.get("sample_idx")) is int
        and isinstance(value.get("prompts"), list)
        and all(isinstance(one, dict) for one in value["prompts"])
    )


def merged(earlier: Iterable[Record], new: Iterable[Record]) -> list[Record]:
    """Return the records of both, in the order of their samples.

    Of two records of one sample, the one with prompts is taken, and of two with prompts the one
    without an error; if they are alike, the one that ended later. The name of a batch decides
    nothing: another workspace may have used it, too.

    Args:
        earlier: Records of the file as it is.
        new: Records of a batch.
    """
    known = {one["sample_idx"]: one for one in earlier}
    taken = {one["sample_idx"]: one for one in new if _is_better(one, known.get(one["sample_idx"]))}
    return sorted((known | taken).values(), key=lambda one: int(one["sample_idx"]))


def _is_better(new: Record, known: Record | None) -> bool:
    return known is None or (_worth(new), _ended(new)) >= (_worth(known), _ended(known))


def _worth(record: Record) -> int:
    """Return 0 for a record without prompts, 1 for one that also has an error, else 2."""
    if not record["prompts"]:
        return 0
    return 1 if record.get("error") else 2


def _ended(record: Record) -> str:
    """Return the time at which a sample ended, in ISO 8601; empty if it is not known."""
    time = record.get("finished_at")
    return time if isinstance(time, str) else ""


def same_data_set(one: str, other: str) -> bool:
    """Return whether two paths, as they were given, name the same data set."""
    return one != "-" and os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100 - as text


def refuse_other(earlier: str, dataset: str, name: str) -> None:
    """Refuse to add samples of one data set to the export of another.

    Raises:
        ExportError: The data sets differ.
    """
    if earlier and not same_data_set(earlier, dataset):
        raise ExportError(
            f"{name} holds prompts of the data set {quoted(earlier)}, not {quoted(dataset)}, and "
            "is left as it is; choose another folder with --output-dir."
        )
