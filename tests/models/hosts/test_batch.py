"""One batch: smaller where memory is short, then offloaded, then alone on the device."""

from pathlib import Path
from typing import Any

import pytest

from engine.contract import ModelKey, Permanent
from engine.models.hosts import codec, messages
from engine.models.hosts.batch import AbandonedTasks, DeviceGone, HostBatch
from engine.models.hosts.memory import is_device_gone, is_out_of_memory
from engine.models.hosts.model_cache import ModelCache
from tests.models.hosts.test_model_cache import Ram
from tests.support import toy_models


class Host:
    """A host without a process."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.cache = ModelCache("cpu", 1000, Ram())
        self.given_up = AbandonedTasks()
        self.told: list[messages.HostReport] = []

    def do(self, operation: str, *payloads: Any, model: ModelKey) -> messages.BatchDone:
        packed = tuple(codec.pack(payload) for payload in payloads)
        run = messages.RunBatch(1, model, operation, packed, 0)
        return HostBatch(run, self.cache, self.given_up, self.told.append).do()

    def key(self, name: str = "toy", **options: Any) -> ModelKey:
        return toy_models.key(name, log=str(self.log), **options)

    def noted(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.log.read_text().splitlines()]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "log")


def values(done: messages.BatchDone) -> list[Any]:
    return [codec.unpack(answer.data) for answer in done.answers]


def test_a_batch_that_does_not_fit_is_halved_until_it_does(host: Host) -> None:
    done = host.do("say", *"abcdefg", model=host.key(memory=2))
    assert [value["said"] for value in values(done)] == list("ABCDEFG")
    assert {value["together"] for value in values(done)} <= {1, 2}
    assert done.fitted == 2
    assert host.noted() == ["toy load", *(f"toy say {n}" for n in (7, 4, 2, 2, 3, 2, 1))]


def test_then_it_is_offloaded_then_the_others_go_then_it_fails(host: Host) -> None:
    host.cache.obtain(host.key("other"))
    done = host.do("say", "a", "b", model=host.key(memory=0))
    errors = [codec.unpack_error(answer.error) for answer in done.answers]
    assert all(isinstance(error, Permanent) for error in errors)
    assert "more memory for one task than cpu has" in errors[0].message
    assert "smaller size" in errors[0].remedy
    said = ["toy say 2", "toy say 1", "toy offload", "toy say 1", "other close", "toy say 1"]
    assert host.noted()[2:] == [*said, "toy say 1"]


def test_offloading_that_makes_room_is_enough(host: Host) -> None:
    host.cache.obtain(host.key("other"))
    done = host.do("tight", "a", model=host.key(memory=0.5))
    assert values(done) == ["a"]
    assert "other close" not in host.noted()


def test_one_bad_task_does_not_take_the_others_along(host: Host) -> None:
    done = host.do("fail", "fine", "bug", "also fine", "blocked", model=host.key())
    kinds = [type(answer).__name__ for answer in done.answers]
    assert kinds == ["TaskSuccess", "TaskBug", "TaskSuccess", "TaskRefused"]
    defect = done.answers[1]
    assert isinstance(defect, messages.TaskBug)
    assert (defect.type, "in fail" in defect.traceback) == ("ZeroDivisionError", True)
    assert done.fitted == 0


def test_a_failure_of_the_whole_batch_is_everybodys(host: Host) -> None:
    done = host.do("fail", "fine", "permanent", model=host.key())
    errors = [codec.unpack_error(answer.error) for answer in done.answers]
    assert [(type(e), e.message, e.remedy, e.cost) for e in errors] == [
        (Permanent, "That will never work.", "Ask something else.", 7)
    ] * 2


def test_a_wrong_number_of_answers_is_a_defect(host: Host) -> None:
    short = toy_models.key(loader="load_short")
    done = host.do("say", "a", "b", model=short)
    assert all(isinstance(answer, messages.TaskBug) for answer in done.answers)


def test_a_device_that_fails_ends_the_process(host: Host) -> None:
    with pytest.raises(DeviceGone):
        host.do("fail", "cuda", model=host.key())


def test_what_was_given_up_before_it_began_is_not_done(host: Host) -> None:
    host.given_up.add(1, 0)
    done = host.do("say", "a", "b", model=host.key())
    assert isinstance(done.answers[0], messages.TaskAbandoned)
    assert host.noted() == ["toy load", "toy say 1"]


def test_progress_and_previews_name_the_task_of_the_whole_batch(host: Host) -> None:
    host.given_up.add(1, 0)
    host.do("draw", "a", "b", model=host.key())
    assert host.told == [
        messages.TaskProgress(1, 1, 0.5, "half of b"),
        messages.TaskPreview(1, 1, b"preview of b"),
    ]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 99 bytes"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: out of memory"),
        OSError(12, "Cannot allocate memory"),
        type("SafetensorError", (Exception,), {})("Cannot allocate memory (os error 12)"),
        type("OutOfMemoryError", (RuntimeError,), {})("HIP"),
    ],
)
def test_every_form_of_no_memory_is_known(error: Exception) -> None:
    assert is_out_of_memory(error)


def test_other_errors_are_no_want_of_memory() -> None:
    assert not is_out_of_memory(ValueError("out of memory"))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
    assert is_device_gone(RuntimeError("CUDA error: device-side assert triggered"))
    assert not is_device_gone(RuntimeError("shape mismatch"))


def test_torchs_own_error_is_known() -> None:
    torch = pytest.importorskip("torch")
    assert is_out_of_memory(torch.OutOfMemoryError("no"))
