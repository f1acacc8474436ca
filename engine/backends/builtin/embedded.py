"""Description that all embedded backends share: they need nothing and cost nothing."""

from typing import Any, TypeVar

from engine.contract import BackendInfo, Limits

InfoT = TypeVar("InfoT", bound=BackendInfo)


def embedded_info(kind: type[InfoT], *, model: str, version: str, **facts: Any) -> InfoT:
    """Return the description of an embedded backend.

    Args:
        kind: Type of the description, as the capability needs it.
        model: Name and number of its method.
        version: Version with the settings that change results.
        facts: Other fields of the description.
    """
    return kind(
        name="builtin",
        lane="builtin",
        model=model,
        version=version,
        reusable=True,  # the same request gives the same result
        digital_source="algorithmic",
        limits=Limits(concurrency=0),
        **facts,
    )
