"""The table of checks, in little room."""

import io

from rich.console import Console, RenderableType

from engine.client.views.checks import CheckLine
from tui.widgets.verdict import verdict_digest, verdict_table

CHECKS = (
    CheckLine("contrast", "unmet", "0.06", "0.12 to 0.22"),
    CheckLine("colour saturation", "met", "0.06", "0.02 to 0.13"),
)


ASKED = (
    CheckLine("Is the barn on the left?", "unmet", "It stands on the right, behind a tree.", ""),
    CheckLine("fox", "met"),
    CheckLine("moon", "unknown"),
)


def lines(width: int, table: RenderableType | None = None) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(table or verdict_table(CHECKS, {}))
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


def test_a_value_that_is_a_sentence_is_wrapped_after_the_name() -> None:
    table = lines(30, verdict_table(ASKED, {}))
    assert table[0].startswith("✗ Is the barn on the left?")
    assert " ".join(" ".join(table).split()).endswith("behind a tree. ✓ fox not judged: moon")


def test_a_digest_has_a_line_for_what_was_not_met_and_counts_what_was() -> None:
    assert lines(60, verdict_digest(CHECKS, {})) == [
        "✗ contrast 0.06 0.12 to 0.22",
        "1 more met",
    ]
    cut = lines(30, verdict_digest(ASKED, {}))
    assert len(cut) == 3
    assert cut[0].startswith("✗ Is the barn on the left?")
    assert cut[0].endswith("…")
    assert cut[1:] == ["1 more met", "not judged: moon"]
    assert lines(30, verdict_digest(ASKED[1:2], {})) == ["✓ 1 met"]
