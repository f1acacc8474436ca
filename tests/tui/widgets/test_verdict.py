"""The table of checks, in little room."""

import io

from rich.console import Console

from engine.client.views.checks import CheckLine
from tui.widgets.verdict import verdict_table

CHECKS = (
    CheckLine("contrast", "unmet", "0.06", "0.12 to 0.22"),
    CheckLine("colour saturation", "met", "0.06", "0.02 to 0.13"),
)


def lines(width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(verdict_table(CHECKS, {}))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_signs_and_values_stay_when_names_are_cut() -> None:
    assert lines(60) == [
        "✗ contrast          0.06 0.12 to 0.22",
        "✓ colour saturation 0.06 0.02 to 0.13",
    ]
    cut = lines(28)
    assert len(cut) == 2
    assert cut[0].startswith("✗ contrast ")
    assert cut[1].startswith("✓ colour s")
    assert all(" 0.06 0." in line and line.endswith("…") for line in cut)
