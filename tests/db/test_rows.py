"""Typed rows of queries whose columns are the fields, in their order or not."""

import sqlite3
from dataclasses import dataclass

import pytest

from db import rows
from db.rows import Row


@dataclass(frozen=True, slots=True)
class Pair(Row):
    left: int
    right: str


@pytest.mark.parametrize(
    "columns",
    ["1 AS left, 'b' AS right", "'b' AS right, 1 AS left", "0 AS more, 1 AS left, 'b' AS right"],
)
def test_rows_are_made_by_name(columns: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    assert Pair.all_of(connection.execute(f"SELECT {columns}")) == [Pair(1, "b")]
    connection.close()


def test_each_row_is_found_by_its_name() -> None:
    assert all(getattr(rows, name).__name__ == name for name in rows._HOME)
    with pytest.raises(AttributeError, match="no attribute 'NoRow'"):
        _ = rows.NoRow
