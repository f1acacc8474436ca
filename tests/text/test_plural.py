import pytest

from engine.text.plural import counted


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (counted(1, "job"), "1 job"),
        (counted(0, "job"), "0 jobs"),
        (counted(2, "batch", "batches"), "2 batches"),
        (counted(1, "file is", "files are"), "1 file is"),
        (counted(3, "step", shown="1 to 3"), "1 to 3 steps"),
        (counted(0.5, "second"), "0.5 seconds"),
        (counted(1.0, "second", shown="1"), "1 second"),
    ],
)
def test_noun_goes_with_its_number(said, expected):
    assert said == expected
