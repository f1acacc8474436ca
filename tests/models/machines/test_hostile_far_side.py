"""A far side that says what none of ours says: it is given up, and nothing of it is believed."""

import hashlib
import os
from pathlib import Path

import pytest

from engine.contract import ModelKey
from engine.models.hosts import codec, messages
from engine.models.hosts.far_messages import Piece
from engine.models.hosts.links.blob_cache import BlobCache
from engine.models.hosts.links.blobs import Gathering, WrongBytes, pieces
from engine.models.hosts.links.checks import CHATTER_PER_SECOND, ReportCheck
from engine.models.hosts.links.frames import START, BrokenFrame, FrameReader
from engine.models.hosts.sending import framed

KEY, OTHER = ModelKey("m:f", "{}", "toy"), ModelKey("m:g", "{}", "other")
DONE = messages.TaskAbandoned()


def asked() -> ReportCheck:
    """A check of a host that was given two tasks."""
    check = ReportCheck()
    check.sent(messages.LoadModel(KEY, 0))
    check.sent(messages.RunBatch(7, KEY, "say", (b"", b""), 0))
    return check


@pytest.mark.parametrize(
    "report",
    [
        messages.BatchDone(8, (DONE, DONE), 0.1),
        messages.BatchDone(7, (DONE,), 0.1),
        messages.ModelLoaded(OTHER, 1, 0.1, 1),
        messages.LoadedModels((messages.ModelUsage(OTHER, 1, offloaded=False),), 1),
    ],
    ids=lambda report: type(report).__name__,
)
def test_answers_to_what_was_not_asked_are_refused(report: messages.HostReport) -> None:
    with pytest.raises(codec.NotPlainData):
        asked().passes(report)


def test_an_answer_is_believed_once() -> None:
    check, answer = asked(), messages.BatchDone(7, (DONE, DONE), 0.1)
    assert check.passes(answer)
    with pytest.raises(codec.NotPlainData):
        check.passes(answer)


def test_progress_of_other_tasks_and_too_much_of_it_is_dropped() -> None:
    check = asked()
    assert not check.passes(messages.TaskProgress(7, 2, 0.5, ""))
    assert not check.passes(messages.TaskPreview(6, 0, b""))
    lines = [check.passes(messages.LogLine(20, "x", "y")) for _ in range(2 * CHATTER_PER_SECOND)]
    assert sum(lines) <= CHATTER_PER_SECOND + 1


def test_frames_come_whole_whatever_the_chunks() -> None:
    frames = [b"", b"a", b"b" * 300]
    stream = b"motd\n" + START + b"".join(framed(frame) + frame for frame in frames)
    for size in (1, 7, 1000):
        reader = FrameReader(300, starts=True)
        chunks = (stream[at : at + size] for at in range(0, len(stream), size))
        assert [frame for chunk in chunks for frame in reader.feed(chunk)] == frames
        assert reader.noise == b"motd\n"


def test_frames_without_end_are_refused() -> None:
    with pytest.raises(BrokenFrame):
        list(FrameReader(10).feed(b"\xff\xff\xff\xff"))
    with pytest.raises(BrokenFrame):
        list(FrameReader(10, starts=True).feed(b"y\n" * 40_000))


def test_pieces_make_up_bytes() -> None:
    data = bytes(range(256)) * 3000
    gathering, digest = Gathering(), hashlib.sha256(data).digest()
    whole = [gathering.add(piece) for piece in pieces(3, digest, data)]
    assert whole[-1] == data and not any(whole[:-1])
    assert gathering.take(3) == {digest: data} and gathering.take(3) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        [Piece(1, bytes(32), 3, b"abc")],
        [Piece(1, bytes(32), 2, b"abc")],
        [Piece(1, bytes(32), 5, b"abc"), Piece(1, b"1" * 32, 5, b"de")],
        [Piece(1, bytes(32), 5, b"abc"), Piece(2, bytes(32), 5, b"de")],
        [Piece(1, bytes(32), 2**40, b"abc")],
    ],
    ids=["hash", "more", "other bytes", "other batch", "too large"],
)
def test_wrong_pieces_are_refused(wrong: list[Piece]) -> None:
    gathering = Gathering()
    with pytest.raises(WrongBytes):
        for piece in wrong:
            gathering.add(piece)


def test_the_cache_verifies_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path / "cache", 250)
    blobs = {hashlib.sha256(bytes([n]) * 100).digest(): bytes([n]) * 100 for n in range(3)}
    first, second, third = blobs
    for number, digest in enumerate((first, second)):
        cache.put(digest, blobs[digest])
        path = tmp_path / "cache" / digest.hex()
        os.utime(path, (number, number))
    assert cache.get(first) == blobs[first]
    cache.put(third, blobs[third])
    assert [cache.get(digest) is not None for digest in blobs] == [True, False, True]
    (tmp_path / "cache" / first.hex()).write_bytes(b"other")
    assert cache.get(first) is None
    assert not (tmp_path / "cache" / first.hex()).exists()
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
