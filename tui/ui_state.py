"""State of the dashboard kept between runs: theme, layout, sort and filter."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MAX_FILTERS = 200
"""Maximum remembered filters, over all workspaces and batches."""


def state_file() -> Path:
    """Return the path of the state: `$XDG_STATE_HOME/safelight/dashboard.json`."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "safelight" / "dashboard.json"


@dataclass
class UiState:
    """The remembered state. Plain data, so that the dashboard starts without a model library.

    Attributes:
        theme: Name of the theme.
        order: Order of the list of jobs that was chosen last.
        orders: Orders of lists, by workspace and list; reversed ones end in a minus.
        filters: Filters of lists, by workspace and list.
        bell: True if the terminal's bell rings when a batch ends or is parked.
        view: View of batches: `table` or `sheet`.
        sheet_columns: Columns of contact sheets, 0 for as many as fit well.
        toured: True once the tour was put away.
        widths: Share of the width that the first panel of a screen has, in percent, by screen; and
            the cells of columns, by list and column.
    """

    theme: str = "safelight"
    order: str = "position"
    bell: bool = True
    toured: bool = False
    view: str = "table"
    sheet_columns: int = 0
    orders: dict[str, str] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)

    def keep_filter(self, name: str, text: str) -> None:
        """Remember the filter of a list, or forget it if it is empty; the newest are kept."""
        _keep(self.filters, name, text)

    def keep_order(self, name: str, order: str) -> None:
        """Remember the order of a list; the newest are kept."""
        _keep(self.orders, name, order)

    @classmethod
    def load(cls, path: Path) -> "UiState":
        """Return the remembered state; the defaults if there is none or it is unreadable."""
        try:
            data = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return cls()
        if not isinstance(data, dict):
            return cls()
        return cls(
            theme=_text(data.get("theme"), "safelight"),
            order=_text(data.get("order"), "position"),
            bell=data.get("bell") is not False,
            toured=data.get("toured") is True,
            view=_text(data.get("view"), "table"),
            sheet_columns=_number(data.get("sheet_columns")),
            orders=_mapping(data.get("orders"), str),
            filters=_mapping(data.get("filters"), str),
            widths=_mapping(data.get("widths"), int),
        )

    def save(self, path: Path) -> None:
        """Save the state, completely or not at all; a folder without write access is ignored."""
        name = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
                name = file.name
                json.dump(asdict(self), file, indent=1)
            Path(name).replace(path)
        except OSError:
            if name:
                Path(name).unlink(missing_ok=True)


def _keep(kept: dict[str, str], name: str, text: str) -> None:
    kept.pop(name, None)
    if text:
        kept[name] = text
    for oldest in list(kept)[:-MAX_FILTERS]:
        del kept[oldest]


def _text(value: Any, default: str) -> str:
    return value if isinstance(value, str) else default


def _number(value: Any) -> int:
    return value if type(value) is int else 0


def _mapping(value: Any, kind: type) -> dict[str, Any]:
    """Return the valid entries of a mapping."""
    items = value.items() if isinstance(value, dict) else ()
    return {str(key): entry for key, entry in items if type(entry) is kind}
