"""Only plain data, our messages and our errors cross between processes, and they cross whole."""

import contextlib
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.contract import (
    Blocked,
    ModelKey,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StepError,
)
from engine.models.hosts import codec, messages
from tests.support.toy_models import Hostile

ERRORS = [
    Retryable("later", retry_after=2.5, resubmit=True, remedy="wait", cost=3, pressure="limit"),
    Permanent("never", remedy="ask else", cost=9),
    Blocked("no key", reason="key", remedy="set it"),
    OutcomeUnknown("who knows", cost=1),
]
TEXTS = st.text(st.characters())  # with lone surrogates
HASHABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXTS
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda some: st.tuples(some, some) | st.frozensets(some, max_size=3),
    max_leaves=4,
)
ARRAYS = arrays.arrays(
    st.sampled_from(["u1", "<i8", ">f4", "f8", "?", "c16", "f2"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
PLAIN = st.recursive(
    HASHABLE,
    lambda some: (
        st.lists(some, max_size=4)
        | st.tuples(some, some)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE, some, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.builds(ModelKey, st.text(), st.text(), st.text(), st.text())
NUMBERS = st.integers(0, 2**53)
WORDS = st.text(max_size=20)
SECONDS = st.floats(0, 1e9)
ANSWERS = (
    st.builds(messages.TaskSuccess, st.binary())
    | st.builds(messages.TaskRefused, st.binary())
    | st.builds(messages.TaskBug, WORDS, WORDS, WORDS)
    | st.builds(messages.TaskAbandoned)
)
COMMANDS = (
    st.builds(messages.LoadModel, KEYS, NUMBERS)
    | st.builds(
        messages.RunBatch, NUMBERS, KEYS, st.text(), st.lists(st.binary()).map(tuple), NUMBERS
    )
    | st.builds(messages.CancelTask, NUMBERS, NUMBERS)
)
REPORTS = (
    st.builds(messages.HostReady, NUMBERS, NUMBERS)
    | st.builds(
        messages.LoadedModels,
        st.lists(st.builds(messages.ModelUsage, KEYS, NUMBERS, st.booleans())).map(tuple),
        NUMBERS,
    )
    | st.builds(messages.ModelLoaded, KEYS, st.integers(1, 1024), SECONDS, NUMBERS)
    | st.builds(messages.BatchDone, NUMBERS, st.lists(ANSWERS).map(tuple), SECONDS, NUMBERS)
    | st.builds(messages.TaskProgress, NUMBERS, NUMBERS, st.none() | st.floats(0, 1), WORDS)
    | st.builds(messages.TaskPreview, NUMBERS, NUMBERS, st.binary())
    | st.builds(messages.LogLine, NUMBERS, WORDS, WORDS)
)
MESSAGES = COMMANDS | REPORTS


def same(one: Any, other: Any) -> bool:
    """Equal, with the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return bool(one == other)


@given(PLAIN)
def test_plain_data_cross_whole(value: Any) -> None:
    assert same(codec.unpack(codec.pack(value)), value)


@given(ARRAYS)
def test_arrays_and_their_scalars_cross_whole(array: Any) -> None:
    value = {"picture": array, "first": [array.flat[0]] if array.size else None}
    again = codec.unpack(codec.pack(value))
    assert same(again["picture"], array)
    assert again["picture"].flags.writeable
    if array.size:
        assert type(again["first"][0]) is type(array.flat[0])


@given(PLAIN, st.integers(0, 40))
def test_what_is_left_out_is_put_back(value: Any, least: int) -> None:
    kept: dict[bytes, bytes] = {}

    def leave_out(data: bytes) -> bytes | None:
        if len(data) < least:
            return None
        digest = len(kept).to_bytes(32, "big")
        kept[digest] = data
        return digest

    thin = codec.pack_around(value, leave_out)
    assert same(codec.unpack(thin, kept.__getitem__), value)
    if kept:
        with pytest.raises(codec.NotPlainData):
            codec.unpack(thin)
        with pytest.raises(codec.NotPlainData):
            codec.unpack(thin, dict[bytes, bytes]().__getitem__)


@given(MESSAGES)
def test_messages_cross_whole(message: Any) -> None:
    read = codec.unpack_command if message in _Commands() else codec.unpack_report
    assert read(codec.pack_message(message)) == message


class _Commands:
    def __contains__(self, message: object) -> bool:
        return isinstance(message, messages.HostCommand)


@given(MESSAGES, st.data())
def test_damaged_messages_only_raise(message: Any, data: st.DataObject) -> None:
    packed = bytearray(codec.pack_message(message))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(packed[: data.draw(st.integers(0, len(packed)))])
    for read in READERS:
        with contextlib.suppress(codec.NotPlainData):
            read(cut)


@given(st.binary())
def test_any_bytes_only_raise(data: bytes) -> None:
    for read in READERS:
        with contextlib.suppress(codec.NotPlainData):
            read(data)


READERS = (codec.unpack, codec.unpack_error, codec.unpack_command, codec.unpack_report)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_cross_whole(error: StepError) -> None:
    for again in (
        pickle.loads(pickle.dumps(error)),
        codec.unpack_error(codec.pack_error(error)),
    ):
        assert type(again) is type(error)
        assert vars(again) == vars(error)
        assert str(again) == str(error)


class Own(Retryable):
    """Somebody's own kind."""

    def __init__(self, where: Any) -> None:
        super().__init__("their own", retry_after=1.0)
        self.where = where


def test_a_kind_of_somebodys_own_becomes_ours() -> None:
    again = codec.unpack_error(codec.pack_error(Own(Path("x"))))
    assert type(again) is Retryable
    assert (again.message, again.retry_after) == ("their own", 1.0)
    assert not hasattr(again, "where")


@pytest.mark.parametrize(
    "fields",
    [
        {"message": b"bytes"},
        {"reason": "hunger"},
        {"retry_after": "soon"},
        {"again": 5},
        {"cost": 1.5},
        {5: 5},
    ],
    ids=str,
)
def test_errors_with_other_fields_are_refused(fields: dict[Any, Any]) -> None:
    with pytest.raises(codec.NotPlainData):
        codec.unpack_error(codec.pack(["Blocked", fields]))


def test_errors_are_shown_without_escapes() -> None:
    error = codec.unpack_error(
        codec.pack_error(Permanent("\x1b]0;x\x07\x1b[2Jred", remedy="\x9b1m"))
    )
    assert (error.message, error.remedy) == ("red", "")


@pytest.mark.parametrize(
    "value",
    [
        Hostile(),
        Path("x"),
        OrderedDict(),
        ModelKey("a", "b", "c"),
        lambda: None,
        np.array([Hostile()]),
        messages.TaskAbandoned(),
        [[]] * 3 + [Path],
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_else_is_sent(value: Any) -> None:
    with pytest.raises(codec.NotPlainData, match="is not plain data"):
        codec.pack(value)


def test_pickles_run_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for read in READERS:
        with pytest.raises(codec.NotPlainData):
            read(pickle.dumps(Hostile()))
    assert not list(tmp_path.iterdir())


def test_circles_and_depths_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    for value in (circle, {"a": (circle,)}):
        with pytest.raises(codec.NotPlainData):
            codec.pack(value)
        with pytest.raises(codec.NotPlainData):
            codec.pack_around(value, lambda _: None)
    with pytest.raises(codec.NotPlainData):
        codec.unpack(b"\x91" * 100_000 + b"\xc0")


@pytest.mark.parametrize(
    "message",
    [
        messages.HostReady(-1, 5),
        messages.HostReady(2**60, 5),
        messages.ModelLoaded(ModelKey("a", "b", "c"), 0, 1.0, 1),
        messages.ModelLoaded(ModelKey("a", "b", "c"), 1, float("nan"), 1),
        messages.TaskPreview(1, 1, bytes(messages.MAX_PREVIEW + 1)),
        messages.TaskProgress(1, 1, 0.5, "x" * 501),
    ],
    ids=lambda message: type(message).__name__,
)
def test_fields_out_of_their_ranges_are_refused(message: Any) -> None:
    with pytest.raises(codec.NotPlainData, match=type(message).__name__):
        codec.unpack_report(codec.pack_message(message))


def test_fields_of_other_types_are_refused() -> None:
    wrong: Any = (ModelKey("", "", ""),)
    broken = messages.BatchDone(1, wrong, 0.0)
    with pytest.raises(codec.NotPlainData, match="BatchDone"):
        codec.unpack_report(codec.pack_message(broken))


def test_an_array_of_more_than_its_bytes_is_refused() -> None:
    mark = msgpack.ExtType(1, bytes([5]))
    for shape in ([2**62], [-1, 0], [10**30], ["x"]):
        with pytest.raises(codec.NotPlainData):
            codec.unpack(msgpack.packb([mark, "<f8", shape, b"12345678"], default=repr))
