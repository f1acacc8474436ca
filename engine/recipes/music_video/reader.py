"""Inputs of the recipe `music-video`: songs, folders of them, patterns, and lists with their paths.

Lyrics in a file beside a song with its name (`song.lrc`, `song.srt`) belong to it.
"""

import glob
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from engine.contract.reader import Reader, has_wildcards
from engine.recipes.common.sound_files import (
    MAX_NAMES,
    SOUND_SUFFIXES,
    natural_order,
    problem_of,
    tags_of,
)
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.text_files import read_text
from engine.text.terminal import clean, quoted

SONG_NAMES = ("song", "sound", "audio", "path", "file", "prompt")
"""Columns that may hold the path of the song, the first of those present; a line is a `prompt`."""

_LISTS = {".csv", ".json", ".jsonl", ".ndjson", ".tsv", ".txt", ".yaml", ".yml"}
_BESIDE = (".lrc", ".srt")


def accepts(path: Path) -> bool:
    """Return whether an input is a song, a folder or a pattern, by its content."""
    if path.is_dir() or (has_wildcards(path) and not path.exists()):
        return True
    suffix = path.suffix.casefold()
    if not path.is_file() or suffix in _LISTS:
        return False
    return suffix in SOUND_SUFFIXES or not problem_of(path)


def read(path: Path, settings: MusicVideoSettings, offset: int) -> Iterator[Mapping[str, Any]]:
    """Yield the entry of each song.

    Raises:
        ValueError: There is none that can be decoded; the end of a sentence.
        OSError: It cannot be read.
    """
    if path.is_file():
        if problem := problem_of(path):
            raise ValueError(problem)
        return iter([song_entry(path)])
    return _entries(path)


def _entries(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of several songs; files of one name have their folder in the id."""
    songs = sorted(_songs(path), key=natural_order)
    if not songs:
        raise ValueError("holds no song" if path.is_dir() else "matches no song")
    for song in songs:
        if problem := problem_of(song):
            raise ValueError(f"holds {quoted(song.name)}, which {problem}")
    counts = Counter(song.stem for song in songs)
    for song in songs:
        folder = f"{song.parent.name}_" if counts[song.stem] > 1 else ""
        yield {**song_entry(song), "id": _id_of(f"{folder}{song.stem}")}


def _songs(path: Path) -> list[Path]:
    names = path.iterdir() if path.is_dir() else map(Path, glob.iglob(str(path), recursive=True))  # noqa: PTH207
    candidates = [one for one in islice(names, MAX_NAMES) if not one.name.startswith(".")]
    return [one for one in candidates if one.suffix.casefold() in SOUND_SUFFIXES and one.is_file()]


def song_entry(path: Path) -> dict[str, Any]:
    """Return the entry of one song, with the tags of its file and the lyrics beside it."""
    tags = tags_of(path)
    entry = {
        "id": _id_of(path.stem),
        "song": str(path.absolute()),
        "title": clean(tags.get("title", "") or path.stem, 300),
        "artist": clean(tags.get("artist", ""), 300),
    }
    beside = next((one for s in _BESIDE if (one := path.with_suffix(s)).is_file()), None)
    return {**entry, "lyrics": read_text(beside)} if beside else entry


def _id_of(stem: str) -> str:
    plain = re.sub(r"[^\w.-]+", "_", clean(stem, 100)).strip("._-")
    return plain or "song"


def list_entry(
    data: Mapping[str, Any], _number: int, _settings: MusicVideoSettings, _offset: int = 0
) -> dict[str, Any]:
    """Return the entry of a list, whose path of the song may have several names."""
    fields = dict(data)
    name = next((name for name in SONG_NAMES if fields.get(name) is not None), None)
    if name and name != "song":
        fields["song"] = fields.pop(name)
    return fields


READER = Reader(accepts, read, list_entry)
