"""Facts of a batch as lines of 80 columns, whatever the recipe says."""

from engine.cli.summary import lines_of
from engine.contract.outputs import SummaryLine
from tests.cli.conftest import HOSTILE


def test_names_are_a_column_and_long_texts_are_wrapped_beside_it():
    facts = [SummaryLine("tempo", "72.0 to 140.0", None), SummaryLine("moods", "calm " * 40, None)]
    lines = list(lines_of(facts))
    assert lines[0] == "tempo       72.0 to 140.0"
    assert lines[1].startswith("moods       calm calm")
    assert len(lines) == 5
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * 12) for line in lines[2:])


def test_texts_from_outside_are_cleaned():
    [line, *more] = lines_of([SummaryLine(HOSTILE, HOSTILE, None), SummaryLine("empty", "", None)])
    assert not set("\x1b\x07\x9b\u202e") & set("".join([line, *more]))
    assert more[-1] == "empty       "
