"""Inputs of the recipe `visual-prompts`: data sets, folders of sounds, patterns, single sounds.

Other inputs are lists of entries (CSV, JSON, JSONL, YAML, one path per line). Names of files come
from outside: they are neither ids nor paths of results, and are kept as metadata.
"""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.contract.files import open_regular
from engine.contract.reader import Reader, has_wildcards
from engine.recipes.common.sound_files import SOUND_SUFFIXES, problem_of
from engine.recipes.visual_prompts.dataset_input import MAGIC, dataset_entries
from engine.recipes.visual_prompts.list_input import list_entry
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.recipes.visual_prompts.sound_input import (
    folder_entries,
    pattern_entries,
    sound_entry,
)

MAX_DATASET_BYTES = 64 << 30
"""The largest data set whose beginning is looked at, in bytes."""

_DATASETS = {".npy", ".npz"}
_LISTS = {".csv", ".json", ".jsonl", ".ndjson", ".tsv", ".txt", ".yaml", ".yml"}


def accepts(path: Path) -> bool:
    """Return whether an input is a data set, a folder, a pattern or a sound, by its content."""
    suffix = path.suffix.casefold()
    if path.is_dir() or (has_wildcards(path) and not path.exists()):
        return True
    if not path.is_file() or suffix in _LISTS:
        return False
    return suffix in _DATASETS | SOUND_SUFFIXES or _is_dataset(path) or not problem_of(path)


def read(path: Path, settings: VisualPromptsSettings, offset: int) -> Iterator[Mapping[str, Any]]:
    """Yield the entry of each sample, one at a time.

    Args:
        path: The input.
        settings: The recipe's settings, which choose the samples.
        offset: Samples that the batch already has, added to the numbers of samples.

    Raises:
        ValueError: The input as a whole cannot be used; the end of a sentence.
        OSError: It cannot be read.
    """
    if path.is_dir():
        return folder_entries(path, settings, offset)
    if not path.exists():
        return pattern_entries(path, settings, offset)
    if path.suffix.casefold() in _DATASETS or _is_dataset(path):
        return dataset_entries(path, settings, offset)
    return iter([sound_entry(path, offset)])


def _is_dataset(path: Path) -> bool:
    try:
        with open_regular(path, MAX_DATASET_BYTES) as stream:
            if stream.read(len(MAGIC)) == MAGIC:
                return True
            return zipfile.is_zipfile(stream) and _holds_arrays(path)
    except (OSError, ValueError):
        return False


def _holds_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


READER = Reader(accepts, read, list_entry)
