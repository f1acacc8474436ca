"""Inputs: a song, a folder, a pattern, a list; lyrics and specs beside them."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from engine.recipes.music_video.reader import READER, accepts, read
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.text.errors import UserError
from tests.recipes.music_video.song import catalog, song
from tests.support.optional import needs

needs("soundfile", "scipy", "av", "cv2", "numba", "opentimelineio")


def entries(path: Path) -> list[Any]:
    return list(read(path, MusicVideoSettings(), 0))


def test_a_song_has_its_name_and_the_lyrics_beside_it(tmp_path: Path) -> None:
    """A name without an ending of sounds is recognised by its content."""
    path = tmp_path / "Ännchen & co"
    path.write_bytes(song())
    (tmp_path / "Ännchen & co.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nA line")
    assert accepts(path)
    [entry] = entries(path)
    assert entry["id"] == "Ännchen_co"
    assert entry["lyrics"].endswith("A line")


def test_songs_of_folders_and_patterns_have_ids_of_their_own(tmp_path: Path) -> None:
    for name in ("two/song.wav", "ten/song.wav", "ten/other.wav", "ten/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(song())
    assert [one["id"] for one in entries(tmp_path / "*" / "*.wav")] == [
        "other", "ten_song", "two_song",
    ]  # fmt: skip
    assert [one["id"] for one in entries(tmp_path / "ten")] == ["other", "song"]
    assert not accepts(tmp_path / "ten" / "notes.txt")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="holds no song"):
        entries(empty)


def test_a_list_names_its_songs_under_any_of_several_columns() -> None:
    convert = READER.entry
    assert convert is not None
    for column in ("song", "audio", "path", "prompt"):
        assert convert({column: "a.wav", "title": "T"}, 1, None, 0) == {
            "song": "a.wav",
            "title": "T",
        }


def queued(root: Path, **entry: Any) -> Workspace:
    """Queue one entry; return the workspace."""
    (root / "song.wav").write_bytes(song())
    source = root / "entries.json"
    source.write_text(json.dumps([{"song": "song.wav", **entry}]))
    workspace = Workspace(root / "w", create=True, catalog=catalog())
    workspace.queue("music-video", source)
    return workspace


def test_lyrics_and_specs_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "words.lrc").write_text("[00:01.00]A line")
    spec = {"sections": [{"label": "a", "start_time": 0, "endTime": 2, "aiPrompt": "a fox"}]}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    workspace = queued(tmp_path, lyrics="words.lrc", spec="spec.json")
    with workspace.reading() as connection:
        stored = json.loads(connection.execute("select input from jobs").fetchone()[0])
    assert stored["lyrics"] == "[00:01.00]A line"
    assert stored["spec"]["sections"][0]["aiPrompt"] == "a fox"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"lyrics": "missing.lrc"}, "'missing.lrc' does not exist"),
        ({"spec": "song.wav"}, "'song.wav' is not text in UTF-8"),
        ({"spec": {"sections": [{"label": "a", "startTime": 0, "endTime": 2,
                                 "motionStyle": "wobbly"}]}}, "'wobbly' is unknown"),
        ({"sections": [{"label": "a", "start": -1}]}, "sections.0.start': must be at least 0"),
        ({"song": "entries.json"}, "entries.json"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_field(
    tmp_path: Path, entry: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        queued(tmp_path, **entry)
    assert sentence in str(caught.value)
