"""Models that a host has loaded: which stay, are offloaded, or are unloaded."""

import importlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from engine.contract.model_host import LoadedModel, ModelKey
from engine.models.hosts.memory import Memory, is_out_of_memory
from engine.models.hosts.messages import ModelUsage
from engine.models.hosts.out_of_memory import ModelTooLarge, no_room_to_load

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class CachedModel:
    """A loaded model.

    Attributes:
        key: Its key.
        model: The model.
        size: Bytes that it takes on the device.
        seconds: Time that it took to load.
        reported: Size that it reported when `size` was last set.
        whole: Bytes that it took before it was offloaded.
        is_offloaded: True if it was moved to main memory as far as possible.
    """

    key: ModelKey
    model: LoadedModel
    size: int
    seconds: float
    reported: int
    whole: int = 0
    is_offloaded: bool = False


@dataclass(slots=True)
class _Part:
    made: Any
    users: set[ModelKey] = field(default_factory=set)


class ModelCache:
    """Models of one host, the least recently used first.

    Args:
        device: Device for torch.
        budget: Bytes that models may fill.
        memory: The device's memory.
        shown: The device's name in messages, if different.
    """

    def __init__(self, device: str, budget: int, memory: Memory, shown: str = "") -> None:
        self.memory = memory
        self.budget = budget
        self.device = device
        self.shown = shown or device
        self._held: OrderedDict[ModelKey, CachedModel] = OrderedDict()
        self._parts: dict[str, _Part] = {}

    def obtain(self, key: ModelKey, expected: int = 0) -> CachedModel:
        """Return a model; load it first, after freeing memory, if it is not loaded.

        Args:
            key: The model.
            expected: Bytes that it is known to take, 0 if unknown.

        Raises:
            StepError: It does not fit (`ModelTooLarge`, unless other programs hold the device).
            Exception: Any error of its loader.
        """
        if (held := self._held.get(key)) is not None:
            self._held.move_to_end(key)
            self._restore(held)
            return held
        self.make_room(expected)
        held = self._load(key)
        self._held[key] = held
        self.make_room(0, keep=key)
        if self.filled() > self.budget:
            self.offload(key)
        if self.filled() > self.budget:
            size = held.size
            self.unload(key)
            raise ModelTooLarge(key.name, size, self.shown, self.budget)
        return held

    def holding(self) -> tuple[ModelUsage, ...]:
        """Return the loaded models, the least recently used first."""
        return tuple(ModelUsage(h.key, h.size, h.is_offloaded) for h in self._held.values())

    def filled(self) -> int:
        """Return the bytes that models fill now."""
        return sum(held.size for held in self._held.values())

    def used(self) -> int:
        """Return the bytes of the device that this process uses, as far as that is measured."""
        measured = self.memory.used()
        return self.filled() if measured is None else measured

    def make_room(self, need: int, keep: ModelKey | None = None) -> None:
        """Offload the least recently used models; unload them if that is not enough.

        Args:
            need: Bytes that are needed besides the models that stay.
            keep: A model that stays loaded.
        """
        victims = [key for key in self._held if key != keep]
        for step in (self._shrink, self.unload):
            for key in victims:
                if self._occupied() + need <= self.budget:
                    return
                if key in self._held:
                    step(key)

    def settle(self, key: ModelKey) -> None:
        """Measure a model that has worked: it may use more memory than when it was loaded."""
        if key not in self._held:
            return
        try:
            self.measure(key)
        except Exception:
            log.exception("%s does not say how large it is", key.name)
        self.make_room(0, keep=key)

    def _occupied(self) -> int:
        """Return the bytes that models fill, by their own count or the device's, whichever is more.

        Shared parts are counted with the model that built them, and stay when it is unloaded.
        """
        return max(self.filled(), self.memory.used() or 0)

    def release_others(self, keep: ModelKey | None) -> bool:
        """Unload everything else; return whether there was anything."""
        others = [key for key in self._held if key != keep]
        for key in others:
            self.unload(key)
        return bool(others)

    def offload(self, key: ModelKey) -> bool:
        """Move a model to main memory as far as possible; return whether it was not there yet."""
        held = self._held[key]
        if held.is_offloaded:
            return False
        held.is_offloaded, held.whole = True, held.size
        try:
            held.model.offload()
        except Exception:
            log.exception("%s cannot be offloaded", key.name)
        self.memory.release()
        self.measure(key)
        return True

    def unload(self, key: ModelKey) -> None:
        """Close a model and drop the parts that only it used."""
        held = self._held.pop(key)
        try:
            held.model.close()
        except Exception:
            log.exception("%s cannot be closed", key.name)
        self._forget_user(key)
        del held
        self.memory.release()

    def measure(self, key: ModelKey) -> None:
        """Update the size of a model from its own report."""
        held = self._held[key]
        reported = held.model.size()
        held.size, held.reported = max(0, held.size + reported - held.reported), reported

    def _shrink(self, key: ModelKey) -> None:
        """Offload a model; unload it if that frees nothing."""
        before = self._held[key].size
        if not self.offload(key):
            return
        if self._held[key].size >= before:
            self.unload(key)

    def _restore(self, held: CachedModel) -> None:
        restore = getattr(held.model, "restore", None)
        if not held.is_offloaded or restore is None:
            return
        if self.filled() - held.size + held.whole > self.budget:
            return
        try:
            restore()
        except Exception:
            held.model.offload()  # the parts that are back would not work with those that are not
            raise
        held.is_offloaded = False
        self.measure(held.key)

    def _load(self, key: ModelKey) -> CachedModel:
        started = time.monotonic()
        try:
            return self._call_loader(key, started)
        except Exception as error:
            self._forget_user(key)
            if not is_out_of_memory(error):
                raise
            log.warning("%s: no memory left while loading: %s", key.name, error)
        self.release_others(None)  # outside the handler, whose traceback holds half a model
        self.memory.release()
        try:
            return self._call_loader(key, started)
        except Exception as error:
            self._forget_user(key)
            if not is_out_of_memory(error):
                raise
        self.memory.release()
        raise no_room_to_load(key.name, self.shown, self.budget, self.memory)

    def _call_loader(self, key: ModelKey, started: float) -> CachedModel:
        before = self.memory.used()
        module, _, name = key.loader.partition(":")
        loader = getattr(importlib.import_module(module), name)
        model = cast("LoadedModel", loader(key.options, _LoadContext(self, key)))
        reported, after = model.size(), self.memory.used()
        measured = after - before if before is not None and after is not None else 0
        size = measured if measured > 0 else reported
        return CachedModel(key, model, size, time.monotonic() - started, reported)

    # -- parts that several models use ------------------------------------------------------------

    def part(self, user: ModelKey, key: str, build: Callable[[], T]) -> T:
        """Return a part by its key, built on first use; kept while a user of it is loaded."""
        if key not in self._parts:
            self._parts[key] = _Part(build())
        self._parts[key].users.add(user)
        return cast("T", self._parts[key].made)

    def _forget_user(self, user: ModelKey) -> None:
        for key, part in list(self._parts.items()):
            part.users.discard(user)
            if not part.users:
                del self._parts[key]


@dataclass(frozen=True, slots=True)
class _LoadContext:
    """Place in which one model is loaded."""

    cache: ModelCache
    user: ModelKey

    @property
    def device(self) -> str:
        """Device for torch."""
        return self.cache.device

    def shared(self, key: str, build: Callable[[], T]) -> T:
        """Return a part that several models use."""
        return self.cache.part(self.user, key, build)
