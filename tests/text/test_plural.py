import pytest

from engine.text.plural import pluralize


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (pluralize(1, "job"), "1 job"),
        (pluralize(0, "job"), "0 jobs"),
        (pluralize(2, "batch", "batches"), "2 batches"),
        (pluralize(1, "file is", "files are"), "1 file is"),
        (pluralize(3, "step", shown="1 to 3"), "1 to 3 steps"),
        (pluralize(0.5, "second"), "0.5 seconds"),
        (pluralize(1.0, "second", shown="1"), "1 second"),
    ],
)
def test_noun_goes_with_its_number(said, expected):
    assert said == expected
