"""Settings that an entry has of its own, beside the fields of its recipe."""

from collections.abc import Collection, Iterator
from typing import Any

from engine.intake.entries import InputEntry
from engine.intake.shared_fields import MODEL, STYLES, apply_styles

SETTINGS, AXES = "settings", "axes"
"""Settings of the recipe for this entry; values by axis, of a cell that is queued again."""


GUARDED = frozenset(
    {"approve", "approve_above", "image", "vision", "text", "score", "audio", "video", "embedding"}
    | {"checkpoint", "config", "loras"}
)
"""Settings that no input may set: gates, backends, which cost money and send data, and files of
this machine."""

_GUARDED = "is set by operators only: with --set, or in safelight.toml"


class OwnSettings:
    """Settings and axes of one entry, taken out of its data.

    Args:
        entry: The entry; its own come last.
        data: Its fields, from which they are taken.
        names: Fields of the recipe, which are left alone.
        may_set_backends: True if `BACKEND.key` is accepted.

    Attributes:
        settings: The settings; None without any.
        axes: Labels by axis; None without any.
        faults: What is wrong: the field, and the problem.
    """

    def __init__(
        self,
        entry: InputEntry,
        data: dict[str, Any],
        names: Collection[str],
        *,
        may_set_backends: bool,
    ) -> None:
        self.faults: list[tuple[str, str]] = []
        taken = {
            name: data.pop(name)
            for name in (MODEL, STYLES, SETTINGS, AXES)
            if name in data and name not in names
        }
        settings = dict(self._settings(taken, may_set_backends=may_set_backends))
        self.settings = {**settings, **(entry.settings or {})} or None
        self.axes = entry.axes or self._axes(taken.get(AXES))
        if STYLES in taken:
            self._put_styles(data, names, taken[STYLES])

    def _settings(
        self, taken: dict[str, Any], *, may_set_backends: bool
    ) -> Iterator[tuple[str, Any]]:
        model, settings = taken.get(MODEL), taken.get(SETTINGS, {})
        if model is not None and (not isinstance(model, str) or not model.strip()):
            self.faults.append((MODEL, "must be the name of a model"))
        elif model is not None:
            yield MODEL, model.strip()
        if not isinstance(settings, dict):
            self.faults.append((SETTINGS, "must be an object of settings by name"))
            return
        for name, value in settings.items():
            if may_set_backends or not ("." in name or name in GUARDED):
                yield name, value
            else:
                self.faults.append((f"{SETTINGS}.{name}", _GUARDED))

    def _axes(self, value: Any) -> dict[str, str] | None:
        if value is None or value == {}:
            return None
        if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            return value
        self.faults.append((AXES, "must be an object of texts by axis"))
        return None

    def _put_styles(self, data: dict[str, Any], names: Collection[str], value: Any) -> None:
        if "prompt" not in names:
            self.faults.append((STYLES, "has no effect: entries of this recipe have no prompt"))
        elif problem := apply_styles(data, value):
            self.faults.append((STYLES, problem))
