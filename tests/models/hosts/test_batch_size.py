"""Size of a batch of tasks after some did not fit."""

from engine.models.hosts.batch_size import STEADY, BatchLimits
from tests.support.toy_models import key

KIND = (key(), "say", "")
OTHER = (key(), "say", "large")


def test_nothing_is_known_at_first() -> None:
    assert BatchLimits().most(KIND, 8) == 8


def test_what_did_not_fit_is_not_tried_again_at_once() -> None:
    fitting = BatchLimits()
    fitting.failed(KIND, 3)
    assert fitting.most(KIND, 8) == 3
    assert fitting.most(KIND, 2) == 2
    assert fitting.most(OTHER, 8) == 8
    fitting.failed(KIND, 0)
    assert fitting.most(KIND, 8) == 1


def test_one_more_is_tried_after_many_full_batches_and_later_after_each_failure() -> None:
    fitting = BatchLimits()
    fitting.failed(KIND, 3)
    for _ in range(STEADY):
        assert fitting.most(KIND, 8) == 3
        fitting.worked(KIND, 2)  # says nothing about three
        fitting.worked(KIND, 3)
    assert fitting.most(KIND, 8) == 4
    fitting.failed(KIND, 3)
    for _ in range(2 * STEADY - 1):
        fitting.worked(KIND, 3)
    assert fitting.most(KIND, 8) == 3
    fitting.worked(KIND, 3)
    assert fitting.most(KIND, 8) == 4
