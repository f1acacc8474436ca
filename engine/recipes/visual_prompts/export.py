"""Files of an export, written into one folder."""

from collections.abc import Sequence
from pathlib import Path

from engine.contract.folder import ExportError, Folder
from engine.recipes.common.documents import to_json
from engine.recipes.visual_prompts.documents import (
    COMPLETE,
    FOR_IMAGES,
    SUMMARY,
    Record,
    checkpoint_name,
    complete_document,
    image_prompts,
    sample_record,
    summary_document,
)
from engine.recipes.visual_prompts.merge import (
    merged,
    newest,
    read_export,
    refuse_other,
    same_data_set,
)
from engine.recipes.visual_prompts.report import ExportHead, SampleReport

MAX_EXPORT = 512 << 20
"""Bytes of an earlier export that are read."""


def write_export(folder: Path, head: ExportHead, samples: Sequence[SampleReport]) -> list[Record]:
    """Write the three files, with the samples that an earlier export of the data set has.

    Each file appears whole or not at all. The same samples give the same bytes.

    Args:
        folder: The folder, created if it is missing.
        head: Facts of the export.
        samples: Samples of the batch that have ended.

    Returns:
        The records of all samples of the export.

    Raises:
        ExportError: The folder holds something else under the name of the export.
        OSError: The folder cannot be written.
    """
    with Folder(folder) as target:
        head, records = _all_records(target, head, samples)
        target.put(COMPLETE, to_json(complete_document(head, records)))
        target.put(FOR_IMAGES, to_json(image_prompts(records)))
        target.put(SUMMARY, to_json(summary_document(head, records)))
    return records


def write_checkpoint(
    folder: Path, head: ExportHead, samples: Sequence[SampleReport], ended: int
) -> None:
    """Write the export of the samples that have ended first, as a valid export of its own.

    Raises:
        ExportError: The folder holds something else under the name of the export.
        OSError: The folder cannot be written.
    """
    with Folder(folder) as target:
        records = sorted(map(sample_record, samples), key=lambda one: int(one["sample_idx"]))
        target.put(checkpoint_name(ended), to_json(complete_document(head, records)))


def belongs_to_other(folder: Path, dataset: str) -> bool:
    """Return whether a folder has the export of another data set, or something else of its name."""
    with Folder(folder) as target:
        if COMPLETE not in target.names():
            return False
        data = target.read(COMPLETE, MAX_EXPORT)
    try:
        earlier = read_export(data or b"", COMPLETE).dataset
    except ExportError:
        return True
    return bool(earlier) and not same_data_set(earlier, dataset)


def _all_records(
    target: Folder, head: ExportHead, samples: Sequence[SampleReport]
) -> tuple[ExportHead, list[Record]]:
    """Return the facts and the records of the export together with an earlier one."""
    new = [sample_record(one) for one in samples]
    if COMPLETE not in target.names():
        return head, merged((), new)
    path = str(target.path / COMPLETE)
    data = target.read(COMPLETE, MAX_EXPORT)
    if data is None:
        raise ExportError(f"{path} cannot be read, and is left as it is; move it away.")
    earlier = read_export(data, path)
    refuse_other(earlier.dataset, head.dataset, path)
    return newest(head, earlier.head), merged(earlier.records, new)
