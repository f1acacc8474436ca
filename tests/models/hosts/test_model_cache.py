"""Models that a host keeps loaded: by use, within its memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from engine.contract import ModelKey, Retryable
from engine.models.hosts.model_cache import ModelCache
from engine.models.hosts.out_of_memory import ModelTooLarge
from tests.support import toy_models


class Ram:
    """A memory with the sizes of its script."""

    def __init__(self, measured: Callable[[], int | None] = lambda: None) -> None:
        self.used = measured
        self.released = 0
        self.held_by_others = 0

    def total(self) -> int:
        return 1000

    def others(self) -> int:
        return self.held_by_others

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def done(log: Path) -> list[str]:
    """Notes of the models, without the process."""
    return [line.split(" ", 1)[1] for line in log.read_text().splitlines()]


def key(log: Path, name: str, size: int, **options: Any) -> ModelKey:
    return toy_models.key(name, size=size, log=str(log), **options)


def names(cache: ModelCache) -> list[str]:
    return [held.key.name for held in cache.holding()]


def test_the_least_recently_used_goes_first(log: Path) -> None:
    cache = ModelCache("cpu", 1000, Ram())
    a, b, c = (key(log, name, 400) for name in "abc")
    cache.obtain(a)
    cache.obtain(b)
    cache.obtain(a)
    cache.obtain(c)
    assert names(cache) == ["a", "c"]
    assert cache.filled() == 800
    assert done(log).count("b close") == 1


def test_what_is_known_of_a_size_makes_room_before_loading(log: Path) -> None:
    cache = ModelCache("cpu", 1000, Ram())
    cache.obtain(key(log, "a", 700))
    cache.obtain(key(log, "b", 700), expected=700)
    assert done(log) == ["a load", "a offload", "a close", "b load"]


def test_an_offloaded_model_stays_where_that_is_enough(log: Path) -> None:
    cache = ModelCache("cpu", 1000, Ram())
    a, b = key(log, "a", 700, offloaded=100, restores=True), key(log, "b", 700)
    cache.obtain(a)
    cache.obtain(b)
    assert [(h.key.name, h.size, h.offloaded) for h in cache.holding()] == [
        ("a", 100, True),
        ("b", 700, False),
    ]
    cache.obtain(a)
    assert "a restore" not in done(log)  # no room
    cache.unload(b)
    assert cache.obtain(a).size == 700
    assert done(log)[-1] == "a restore"


def test_a_model_that_has_no_room_to_come_back_stays_offloaded(log: Path) -> None:
    cache = ModelCache("cpu", 1000, Ram())
    a = key(log, "a", 700, offloaded=100, restores="fails")
    cache.offload(cache.obtain(a).key)
    with pytest.raises(MemoryError):
        cache.obtain(a)
    assert done(log)[-2:] == ["a restore", "a offload"]
    assert [(h.size, h.offloaded) for h in cache.holding()] == [(100, True)]


def test_the_device_says_what_a_model_takes_where_it_can(log: Path) -> None:
    def measured() -> int:
        return 50 + 300 * (log.read_text().count("load") if log.exists() else 0)

    cache = ModelCache("cuda:0", 1000, Ram(measured))
    assert cache.obtain(key(log, "a", 900)).size == 300
    assert cache.used() == 350


def test_what_the_device_says_is_used_counts_where_it_is_more(log: Path) -> None:
    used = [0]
    cache = ModelCache("cuda:0", 1000, Ram(lambda: used[0]))
    cache.obtain(key(log, "a", 100))
    cache.obtain(key(log, "b", 100))
    used[0] = 1001
    cache.obtain(key(log, "c", 100))
    assert names(cache) == ["c"]


def test_a_model_that_has_grown_at_work_makes_the_others_go(log: Path) -> None:
    cache = ModelCache("cpu", 1000, Ram())
    a, b = key(log, "a", 400), key(log, "b", 400)
    cache.obtain(a)
    held = cache.obtain(b)
    cast("toy_models.ToyModel", held.model).options["size"] = 700
    cache.settle(b)
    assert [(h.key.name, h.size) for h in cache.holding()] == [("b", 700)]
    cache.settle(a)  # it is not there any more


@pytest.mark.parametrize(("size", "load"), [(1001, ""), (10, "memory")])
def test_a_model_that_never_fits_is_refused_in_words(log: Path, size: int, load: str) -> None:
    cache = ModelCache("cpu", 1000, Ram(), "cpu:1")
    cache.obtain(key(log, "small", 10))
    with pytest.raises(ModelTooLarge, match=r"huge takes .* of cpu:1\.") as caught:
        cache.obtain(key(log, "huge", size, load=load))
    assert caught.value.size == (size if not load else 0)
    assert "hosts.memory_gib" in caught.value.remedy
    assert "huge" not in names(cache)


def test_no_memory_while_loading_unloads_the_others_and_tries_once_more(log: Path) -> None:
    ram = Ram()
    cache = ModelCache("cpu", 1000, ram)
    cache.obtain(key(log, "a", 10))
    with pytest.raises(ModelTooLarge):
        cache.obtain(key(log, "b", 10, load="memory"))
    assert done(log) == ["a load", "b load", "a close", "b load"]
    assert ram.released


def test_where_other_programs_hold_the_device_it_may_work_later(log: Path) -> None:
    ram = Ram()
    ram.held_by_others = 500
    cache = ModelCache("cuda:0", 1000, ram)
    with pytest.raises(Retryable, match=r"no room on cuda:0, where other programs hold 0\.0 MiB"):
        cache.obtain(key(log, "a", 10, load="memory"))


def test_a_part_is_built_once_and_goes_with_its_last_user() -> None:
    cache = ModelCache("cpu", 1000, Ram())
    a, b, c = (toy_models.key(name, share="clip") for name in "abc")
    parts = [cache.obtain(key).model.part for key in (a, b)]  # type: ignore[attr-defined]
    assert parts[0] is parts[1]
    cache.unload(a)
    assert cache.obtain(c).model.part is parts[0]  # type: ignore[attr-defined]
    cache.unload(b)
    cache.unload(c)
    assert cache.obtain(a).model.part is not parts[0]  # type: ignore[attr-defined]


def test_a_loader_that_fails_leaves_nothing_behind() -> None:
    cache = ModelCache("cpu", 1000, Ram())
    with pytest.raises(LookupError):
        cache.obtain(toy_models.key("bad", load="bug", share="clip"))
    assert not cache.holding()
    assert not cache._parts
