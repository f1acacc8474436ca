"""Base of toy backends: an info that tests change while the engine runs."""

from dataclasses import replace
from typing import Any, TypeVar

from engine.contract import BackendInfo, BaseBackend, Limits

InfoT = TypeVar("InfoT", bound=BackendInfo)

_LIMITS = ("concurrency", "requests_per_minute", "tokens_per_minute")


def changed(info: InfoT, **facts: Any) -> InfoT:
    """An info with other facts; those of `Limits` are given by their own names."""
    limits = {name: facts.pop(name) for name in _LIMITS if name in facts}
    return replace(info, limits=replace(info.limits, **limits), **facts)


def toy_info(name: str, capability: str, kind: type[InfoT] = BackendInfo, **facts: Any) -> InfoT:  # type: ignore[assignment]
    """The info of a free toy with four calls in flight, on a lane of its name."""
    plain = kind(
        name=name,
        capability=capability,
        model=f"{name}-1",
        version="1",
        lane=name,
        limits=Limits(concurrency=4),
    )
    return changed(plain, **facts)


class InfoBackend(BaseBackend):
    """A backend with an info."""

    def __init__(self, info: BackendInfo) -> None:
        self.info = info

    def change(self, **facts: Any) -> None:
        """Describe it otherwise from now on."""
        self.info = changed(self.info, **facts)
