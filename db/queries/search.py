"""Search over the words of finished jobs, newest first.

A query is plain words: all of them have to occur, the last one may be the beginning of a word
(but one letter is a word: it begins too many), `"..."` is a phrase, `-word` leaves jobs out. In
Chinese, Japanese and Korean each character is a word, so that a query occurs anywhere in a text.
The syntax of FTS5 never reaches the index.
"""

import sqlite3
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from db.rows import Row
from db.text import BREAK, is_cjk, spaced

COLUMNS = ("key", "prompt", "critique", "reason", "note", "model")
"""Kinds of text that are searched; each is a column of the index."""

MOST_WORDS = 32
"""Maximum words of a query; later ones are ignored."""

LONGEST_WORD = 200
"""Maximum characters of a word; a longer one is cut, and then a beginning."""

LONGEST_QUERY = 10_000
"""Characters of a query after which the rest is ignored."""

MOST_LOOKED_AT = 50_000
"""Maximum matches that are looked at for a score or a rating; older ones are left out."""

_SNIPPED = 20_000


@dataclass(frozen=True, slots=True)
class Words:
    """A parsed query.

    Attributes:
        wanted: Words and phrases that occur.
        unwanted: Those that do not.
    """

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Words":
        """Parse a query; anything is a query, perhaps one without words."""
        wanted: list[str] = []
        unwanted: list[str] = []
        for word, inverse in _split(text[:LONGEST_QUERY])[:MOST_WORDS]:
            (unwanted if inverse else wanted).append(word)
        return cls(tuple(wanted), tuple(unwanted))

    @property
    def match(self) -> str:
        """The query in the syntax of FTS5; empty if nothing is asked for."""
        if not self.wanted:
            return ""
        columns = f"{{{' '.join(COLUMNS)}}} : "
        terms = [_quoted(word) for word in self.wanted]
        if is_beginning(self.wanted[-1]):
            terms[-1] += " *"
        query = f"{columns}({' AND '.join(terms)})"
        for word in self.unwanted:
            query = f"({query}) NOT ({columns}({_quoted(word)}))"
        return query


def is_beginning(word: str) -> bool:
    """Return True if the last word of a query also matches longer words."""
    return len(word) > 1 and not is_cjk(word[-1])


def _split(text: str) -> list[tuple[str, bool]]:
    """Return words and phrases, and whether each is to be left out."""
    terms: list[tuple[str, bool]] = []
    for number, part in enumerate(text.split('"')):
        words = [part] if number % 2 else part.split()
        for word in words:
            inverse = not number % 2 and len(word) > 1 and word[0] in "-!"
            cleaned = " ".join(_searchable(word).split())[:LONGEST_WORD]
            if cleaned:
                terms.append((cleaned, inverse))
    return terms


def _searchable(text: str) -> str:
    """Return a text with a space for each character that is not part of a word in the index."""
    return "".join(
        one if unicodedata.category(one)[0] in "LNM" or unicodedata.category(one) == "Co" else " "
        for one in text
    )


def _quoted(word: str) -> str:
    return '"' + spaced(word).replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Condition:
    """Conditions on the jobs of a search.

    Attributes:
        batch_id: Only this batch.
        recipe: Only batches of this recipe.
        min_score: Only jobs with at least this headline score.
        ratings: Only jobs whose rating has one of these ranks (`db.rating`).
    """

    batch_id: int | None = None
    recipe: str | None = None
    min_score: float | None = None
    ratings: Collection[int] | None = None

    @property
    def narrows(self) -> bool:
        """True if matches have to be looked at one by one."""
        return self.min_score is not None or self.ratings is not None


@dataclass(frozen=True, slots=True)
class TextRow(Row):
    """A job whose words match, and its texts, cut."""

    id: int
    batch_id: int
    batch: str
    recipe: str
    archived: int
    state: str
    score: float | None
    rating: int | None
    key: str
    prompt: str
    critique: str
    reason: str
    note: str
    model: str


def search_texts(
    connection: sqlite3.Connection, words: Words, condition: Condition, limit: int = 50
) -> list[TextRow]:
    """Return the newest jobs that have all words; none if the query has no word.

    With a condition on scores or ratings, the newest `MOST_LOOKED_AT` matches are looked at.
    """
    match = _match(words, condition)
    if not match:
        return []
    where, values = _where(condition)
    looked_at = MOST_LOOKED_AT if condition.narrows else -1
    texts = ", ".join(
        f"substr(replace(t.{name}, char({ord(BREAK)}), ''), 1, {_SNIPPED}) AS {name}"
        for name in COLUMNS
    )
    sql = f"""SELECT j.id, j.batch_id, substr(b.name, 1, 300) AS batch, b.recipe,
              b.archived_at IS NOT NULL AS archived, j.state, j.score, j.rating, {texts}
              FROM ({_MATCHES} LIMIT ?) m
              CROSS JOIN jobs j ON j.id = m.id CROSS JOIN batches b ON b.id = j.batch_id
              CROSS JOIN job_texts t ON t.rowid = m.id
              WHERE {" AND ".join(where)} LIMIT ?"""  # noqa: S608 - our own words
    rows = connection.execute(sql, (match, looked_at, *values, limit))
    return [TextRow.of(row) for row in rows]


def has_older(connection: sqlite3.Connection, words: Words, condition: Condition) -> bool:
    """Return True if a search with this condition does not look at all matches."""
    match = _match(words, condition)
    if not match or not condition.narrows:
        return False
    sql = f"{_MATCHES} LIMIT 1 OFFSET {MOST_LOOKED_AT}"
    return connection.execute(sql, (match,)).fetchone() is not None


_MATCHES = "SELECT rowid AS id FROM job_texts WHERE job_texts MATCH ? ORDER BY rowid DESC"


def _match(words: Words, condition: Condition) -> str:
    """Return the query of the index, for a batch and a recipe too."""
    match = words.match
    if match and condition.batch_id is not None:
        match = f'({match}) AND (tags : "b{condition.batch_id}")'
    if match and condition.recipe is not None:
        recipe = " ".join(_searchable(condition.recipe).split())
        match = f'({match}) AND (tags : "recipe {recipe}")'
    return match


def _where(condition: Condition) -> tuple[list[str], list[object]]:
    """Return the conditions on the jobs of matches, and their values."""
    where, values = ["NOT b.deleting"], list[object]()
    if condition.recipe is not None:
        where.append("b.recipe = ?")
        values.append(condition.recipe)
    if condition.min_score is not None:
        where.append("j.score >= ?")
        values.append(condition.min_score)
    if condition.ratings is not None:
        ranks = sorted(condition.ratings)
        where.append(f"j.rating IN ({', '.join('?' * len(ranks))})")
        values += ranks
    return where, values


def count_unindexed(connection: sqlite3.Connection, at_most: int = 1_000_000) -> int:
    """Return how many finished jobs are not in the index yet."""
    sql = """SELECT count(*) FROM (SELECT 1 FROM jobs WHERE indexed = 0
             AND state IN ('done', 'failed', 'cancelled') LIMIT ?)"""
    return int(connection.execute(sql, (at_most,)).fetchone()[0])


def parts_with(
    connection: sqlite3.Connection, job_id: int, table: str, at_most: int = 200
) -> list[tuple[str, str, str]]:
    """Return the texts of a job's current steps with their scopes and keys, newest first.

    Args:
        connection: A reader.
        job_id: The job.
        table: `prompts` or `critiques`.
        at_most: Maximum number of texts.
    """
    if table not in {"prompts", "critiques"}:
        raise ValueError(f"no texts in {table}")
    more = "reason" if table == "prompts" else "missing"
    sql = f"""SELECT s.scope, s.key, substr(p.text || char(10) || p.{more}, 1, {_SNIPPED})
              FROM {table} p JOIN steps s ON s.id = p.step_id
              WHERE p.job_id = ? AND s.superseded_at IS NULL ORDER BY p.id DESC LIMIT ?"""  # noqa: S608
    return [tuple(row) for row in connection.execute(sql, (job_id, at_most))]
