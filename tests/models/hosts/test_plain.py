"""What crosses between processes: plain data, our messages and our errors, and nothing else."""

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
from engine.models.hosts import messages, plain
from tests.support.toy_models import Hostile

ERRORS = [
    Retryable("later", retry_after=2.5, resubmit=True, remedy="wait", cost=3, pressure="limit"),
    Permanent("never", remedy="ask else", cost=9),
    Blocked("no key", reason="key", remedy="set it"),
    OutcomeUnknown("who knows", cost=1),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_cross_whole(error: StepError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), plain.unpack_error(plain.pack_error(error))):
        assert type(again) is type(error)
        assert vars(again) == vars(error)
        assert str(again) == str(error)


class Own(Retryable):
    """Somebody's own kind."""

    def __init__(self, where: Any) -> None:
        super().__init__("their own", retry_after=1.0)
        self.where = where


def test_a_kind_of_somebodys_own_becomes_ours() -> None:
    again = plain.unpack_error(plain.pack_error(Own(Path("x"))))
    assert type(again) is Retryable
    assert (again.message, again.retry_after) == ("their own", 1.0)
    assert not hasattr(again, "where")


def test_plain_data_crosses() -> None:
    value = {"a": [1, 2.5, None, True], "b": (b"x" * 70_000, {"c"}), "d": "ü"}
    assert plain.unpack_answer(plain.pack(value)) == value


@pytest.mark.parametrize("value", [Hostile(), Path("x"), OrderedDict(), ModelKey("a", "b", "c")])
def test_nothing_else_is_made_in_the_engine(
    value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = plain.pack(value)
    for read in (plain.unpack_answer, plain.unpack_error, plain.unpack_report):
        with pytest.raises(plain.NotPlain):
            read(data)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x80\x05.", plain.pack(5)])
def test_damaged_reports_are_refused(data: bytes) -> None:
    with pytest.raises(plain.NotPlain):
        plain.unpack_report(data)


def test_reports_cross_with_what_is_in_them() -> None:
    key = ModelKey("m:f", "{}", "toy")
    for report in (
        messages.Holding((messages.HeldModel(key, 5, offloaded=True),), 9),
        messages.Done(3, (messages.Success(b"x"), messages.Left()), 0.5),
        messages.NotLoaded(key, messages.Defect("E", "m", "t"), is_too_large=True, size=4),
    ):
        assert plain.unpack_report(plain.pack(report)) == report


def test_what_cannot_be_pickled_is_said() -> None:
    with pytest.raises(plain.NotPlain, match="a function cannot be pickled"):
        plain.pack(lambda: None)
