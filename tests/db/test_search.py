"""Searches for beginnings of words and in scripts without spaces, and what was not looked at."""

from contextlib import closing
from pathlib import Path

import pytest

from db.queries.search import MOST_LOOKED_AT, Condition, count_unindexed
from db.store import Store
from db.writes.search import index_jobs
from engine.client.search import SearchResult, nothing_matches, search
from tests.db.test_ratings import finish, found
from tests.support.stores import add_batch, make_older_store, make_store


def results(store: Store, text: str, condition: Condition, limit: int = 50) -> SearchResult:
    with closing(store.reader()) as reader:
        return search(reader, text, condition, limit)


def marked(result: SearchResult) -> list[str]:
    return [hit.snippet[first:end] for hit in result.hits for first, end in hit.marks]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three jobs: a fox in Japanese with Latin words beside it, one in Korean, one in English."""
    store = make_store(tmp_path)
    add_batch(store, ["a", "b", "c"])
    finish(store, prompt="雪の中の狐をSDXLで描く、夕日")
    finish(store, prompt="눈 속의 여우를 그린다")
    finish(store, prompt="A foggy é bay, x ray")
    return store


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("狐", [1]),
        ("中の", [1]),
        ("狐 雪", [1]),
        ("狐雪", []),
        ("SDXL", [1]),
        ("sd", [1]),
        ("狐 -夕日", []),
        ("여우", [2]),
        ("눈", [2]),
        ("우여", []),
        ("fo", [3]),
        ("fog", [3]),
        ("f", []),
        ("x", [3]),
        ("é", [3]),
        ("bay e", [3]),
        ("bay r", []),
        ("fo bay", []),
    ],
)
def test_one_and_two_characters(store: Store, text: str, jobs: list[int]) -> None:
    assert found(store, text) == jobs


@pytest.mark.parametrize(
    ("text", "marks"),
    [("中の", ["中の"]), ("狐 sd", ["SD", "狐"]), ("여우", ["여우"]), ("fo", ["fo"])],
)
def test_snippets_show_the_text_as_it_was_written(
    store: Store, text: str, marks: list[str]
) -> None:
    found(store, text)
    result = results(store, text, Condition())
    assert sorted(marked(result)) == marks
    assert "\u200b" not in result.hits[0].snippet


@pytest.mark.parametrize(
    ("text", "is_said"), [("f", True), ("fog b", True), ("fox", False), ("狐", False)]
)
def test_one_letter_counts_as_a_word_and_that_is_said(text: str, is_said: bool) -> None:
    assert ("one letter" in nothing_matches(text)) == is_said


def test_what_was_not_looked_at_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    found(store, "fog")
    monkeypatch.setattr("db.queries.search.MOST_LOOKED_AT", 2)
    high, low = Condition(min_score=90.0), Condition(min_score=10.0)
    assert results(store, "dark", high).looked_at == MOST_LOOKED_AT
    assert results(store, "dark", low, limit=2).looked_at is None
    assert results(store, "fog", high).looked_at is None
    assert results(store, "dark", Condition()).looked_at is None


def test_the_newest_jobs_of_a_store_of_before_are_indexed_first(tmp_path: Path) -> None:
    path = tmp_path / "safelight.db"
    with closing(make_older_store(path, 21)) as older:
        older.execute("INSERT INTO job_texts (rowid, prompt) VALUES (1, 'fox')")
        older.execute(
            """INSERT INTO batches (id, name, recipe, recipe_version, seed, settings, snapshot,
               source, outputs, summary, preparing, created_at)
               VALUES (1, 'b', 'toy', '1', 1, '{}', '{}', '-', 'o', 's', 0, 'now')"""
        )
        older.executemany(
            """INSERT INTO jobs (batch_id, position, key, state, seed, input, output, place,
               indexed, created_at) VALUES (1, ?, ?, 'done', 1, '{}', 'o', ?, 1, 'now')""",
            [(n, f"fox-{n}", f"o{n}") for n in (1, 2, 3)],
        )
    store = Store(path)
    with closing(store.reader()) as reader:
        assert count_unindexed(reader) == 3
    with store.alone() as write:
        assert write(lambda c: index_jobs(c, 2)) == 2
    assert [hit.job for hit in results(store, "fo", Condition()).hits] == ["j3", "j2"]
    assert found(store, "fo") == [3, 2, 1]
    assert store.check() == []
