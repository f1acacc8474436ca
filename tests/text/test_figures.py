from datetime import datetime, timedelta

import pytest

from engine.text.figures import clock, narrow_clock

NOW = datetime(2026, 11, 30, 9, 5, 1).astimezone()


class Morning(datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW if tz is None else NOW.astimezone(tz)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("engine.text.figures.datetime", Morning)


@pytest.mark.parametrize(
    ("age", "whole", "narrow"),
    [
        (timedelta(minutes=2), "09:03:01", "09:03:01"),
        (timedelta(hours=12), "29 Nov 21:05", "29 Nov"),
        (timedelta(days=365), "30 Nov 2025 09:05", "Nov 2025"),
    ],
)
def test_a_time_of_another_day_has_its_date(age, whole, narrow):
    at = (NOW - age).isoformat()
    assert (clock(at), narrow_clock(at)) == (whole, narrow)


@pytest.mark.parametrize("at", [None, "", "soon", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_a_dash(at):
    assert (clock(at), narrow_clock(at)) == ("–", "–")
