"""Entries from sound files: those of a folder, those that match a pattern, or a single one."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from engine.recipes.common.sound_files import (
    MAX_NAMES,
    SOUND_SUFFIXES,
    natural_order,
    problem_of,
    tags_of,
)
from engine.recipes.visual_prompts.metadata import FILE, plain_metadata, plain_text
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.text.plural import pluralize
from engine.text.terminal import clean

_SHOWN = 5


def sound_entry(path: Path, index: int = 0, name: str = "") -> dict[str, Any]:
    """Return the entry of one sound file.

    Raises:
        ValueError: It is not a sound that can be decoded.
    """
    if problem := problem_of(path):
        raise ValueError(problem)
    entry = _named(index, name or path.name)
    return {**entry, "sound": str(path.absolute()), "metadata": entry["metadata"] | _tags(path)}


def folder_entries(
    folder: Path, settings: VisualPromptsSettings, offset: int
) -> Iterator[dict[str, Any]]:
    """Yield the entries of the sounds in a folder, in the natural order of their names.

    Hidden files and folders in it are left out, and so is a file that is no sound and has no
    ending of one.

    Raises:
        ValueError: There is no sound in it.
        OSError: It cannot be read.
    """
    with os.scandir(folder) as found:
        names = [entry.name for entry in islice(found, MAX_NAMES + 1)]
    visible = [folder / name for name in names if not name.startswith(".")]
    return _entries(visible, folder, "holds", settings, offset)


def pattern_entries(
    pattern: Path, settings: VisualPromptsSettings, offset: int
) -> Iterator[dict[str, Any]]:
    """Yield the entries of the sounds that a pattern such as `samples/*.flac` matches.

    Raises:
        ValueError: It matches no sound.
    """
    names = list(islice(glob.iglob(str(pattern), recursive=True), MAX_NAMES + 1))  # noqa: PTH207
    return _entries([Path(name) for name in names], None, "matches", settings, offset)


def _tags(path: Path) -> dict[str, Any]:
    """Return the tags of a file by the names that data sets have for them."""
    found = tags_of(path)
    named = {
        "artist_name": [found["artist"]] if "artist" in found else None,
        "album_name": found.get("album"),
        "track_name": found.get("title"),
        "genre": found.get("genre"),
    }
    tags, _ = plain_metadata({name: value for name, value in named.items() if value})
    return tags


def _entries(
    paths: Sequence[Path],
    folder: Path | None,
    verb: str,
    settings: VisualPromptsSettings,
    offset: int,
) -> Iterator[dict[str, Any]]:
    """Yield the entries of those of some files that are meant to be sounds."""
    if len(paths) > MAX_NAMES:
        raise ValueError(f"{verb} more than {MAX_NAMES} files")
    sounds, skipped = _sorted_out(sorted(paths, key=natural_order))
    if not sounds:
        raise ValueError(f"{verb} no sound{_more(skipped)}")
    last = settings.start_idx + settings.samples if settings.samples else None
    chosen = list(enumerate(sounds))[settings.start_idx : last]
    if not chosen:
        total = pluralize(len(sounds), "sound")
        raise ValueError(f"{verb} {total}, and start_idx is {settings.start_idx}")
    problem, has_sound = "", False
    for index, path in chosen:
        name = str(path.relative_to(folder)) if folder else str(path)
        entry = _entry(path, index + offset, name)
        if index == chosen[0][0] and skipped:
            entry["notes"] = [f"Skipped, since they are no sounds: {_listed(skipped)}."]
        has_sound = has_sound or "sound" in entry
        problem = problem or f"{clean(path.name, 60)} {entry.get('problem', '')}"
        yield entry
    if not has_sound:
        raise ValueError(f"{verb} no sound that can be decoded; {problem}")


def _entry(path: Path, index: int, name: str) -> dict[str, Any]:
    try:
        return sound_entry(path, index, name)
    except ValueError as error:
        return {**_named(index, name), "problem": str(error)}


def _named(index: int, name: str) -> dict[str, Any]:
    metadata = {FILE: plain_text(name)}
    return {"id": f"sample_{index:03d}", "index": index, "metadata": metadata}


def _sorted_out(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """Return the paths that are meant to be sounds, and the names of the other files."""
    sounds, others = [], []
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - never raises
            continue
        if path.suffix.casefold() in SOUND_SUFFIXES or not problem_of(path):
            sounds.append(path)
        else:
            others.append(path.name)
    return sounds, others


def _more(skipped: Sequence[str]) -> str:
    return f"; {_listed(skipped)} {'is' if len(skipped) == 1 else 'are'} none" if skipped else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(clean(name, 60) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
