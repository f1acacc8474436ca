"""Only plain data, our messages and our errors cross between processes."""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from engine.contract import (
    Blocked,
    ModelKey,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StepError,
)
from engine.models.hosts import messages, safe_pickle
from tests.support.toy_models import Hostile

ERRORS = [
    Retryable("later", retry_after=2.5, resubmit=True, remedy="wait", cost=3, pressure="limit"),
    Permanent("never", remedy="ask else", cost=9),
    Blocked("no key", reason="key", remedy="set it"),
    OutcomeUnknown("who knows", cost=1),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_cross_whole(error: StepError) -> None:
    for again in (
        pickle.loads(pickle.dumps(error)),
        safe_pickle.unpack_error(safe_pickle.pack_error(error)),
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
    again = safe_pickle.unpack_error(safe_pickle.pack_error(Own(Path("x"))))
    assert type(again) is Retryable
    assert (again.message, again.retry_after) == ("their own", 1.0)
    assert not hasattr(again, "where")


def test_plain_data_crosses() -> None:
    value = {"a": [1, 2.5, None, True], "b": (b"x" * 70_000, {"c"}), "d": "ü"}
    assert safe_pickle.unpack_answer(safe_pickle.pack(value)) == value


@pytest.mark.parametrize("value", [Hostile(), Path("x"), OrderedDict(), ModelKey("a", "b", "c")])
def test_nothing_else_is_made_in_the_engine(
    value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = safe_pickle.pack(value)
    for read in (safe_pickle.unpack_answer, safe_pickle.unpack_error, safe_pickle.unpack_report):
        with pytest.raises(safe_pickle.UnsafePickle):
            read(data)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x80\x05.", safe_pickle.pack(5)])
def test_damaged_reports_are_refused(data: bytes) -> None:
    with pytest.raises(safe_pickle.UnsafePickle):
        safe_pickle.unpack_report(data)


def test_reports_cross_with_what_is_in_them() -> None:
    key = ModelKey("m:f", "{}", "toy")
    for report in (
        messages.LoadedModels((messages.ModelUsage(key, 5, offloaded=True),), 9),
        messages.BatchDone(3, (messages.TaskSuccess(b"x"), messages.TaskAbandoned()), 0.5),
        messages.ModelLoadFailed(key, messages.TaskBug("E", "m", "t"), is_too_large=True, size=4),
    ):
        assert safe_pickle.unpack_report(safe_pickle.pack(report)) == report


def test_what_cannot_be_pickled_is_said() -> None:
    with pytest.raises(safe_pickle.UnsafePickle, match="a function cannot be pickled"):
        safe_pickle.pack(lambda: None)
