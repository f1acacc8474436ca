"""Search over the words of all finished jobs: prompts, critiques, reasons, notes, models, keys."""

import re
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from db.queries.search import (
    COLUMNS,
    MOST_LOOKED_AT,
    Condition,
    TextRow,
    Words,
    count_unindexed,
    has_older,
    is_beginning,
    parts_with,
    search_texts,
)
from db.rating import rating_word
from db.store import Store
from db.text import CJK, is_cjk
from db.writes.search import index_jobs
from engine.client.ids import batch_name, job_name
from engine.config.paths import WorkspacePaths
from engine.runtime.lock import EngineLock, WorkspaceBusy
from engine.text.terminal import clean

MAX_HITS = 1000
"""Maximum jobs that one search returns."""

INDEX_SECONDS = 2.0
"""Seconds that a search spends on words that are not indexed yet, if no engine runs."""

_BEFORE, _AFTER = 40, 120
_FOLDED_CHARS = 4_000
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = rf"(?<![^\W_{CJK}])", rf"(?![^\W_{CJK}])"


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A job whose words match.

    Attributes:
        job: Its id, `j12`.
        key: Its key, cleaned.
        batch: Id of its batch.
        batch_name: Name of its batch, cleaned.
        recipe: Recipe of its batch, cleaned.
        state: Its state.
        score: Its headline score.
        rating: `1` to `5`, `keep` or `reject`; None if it is not rated.
        archived: True if its batch is archived.
        field: The kind of text that matches best: `prompt`, `critique` and so on.
        part: The part of the job that has it, as `iteration-2`; empty for the job as a whole.
        snippet: Some words of that text, cleaned.
        marks: Where words of the query stand in the snippet: pairs of first and end.
    """

    job: str
    key: str
    batch: str
    batch_name: str
    recipe: str
    state: str
    score: float | None
    rating: str | None
    archived: bool
    field: str
    part: str
    snippet: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Answer to a search.

    Attributes:
        hits: The newest jobs that match, the newest first.
        unindexed: Finished jobs whose words are not indexed yet; an engine does it when idle.
        looked_at: Number of the newest matches that were looked at for a score or a rating, if
            there are older ones; None if all were looked at, or enough of them had it.
    """

    hits: tuple[SearchHit, ...]
    unindexed: int
    looked_at: int | None = None


def search(
    connection: sqlite3.Connection, text: str, condition: Condition, limit: int = 50
) -> SearchResult:
    """Search the words of finished jobs; any text is a query."""
    words = Words.parse(text)
    limit = max(1, min(limit, MAX_HITS))
    rows = search_texts(connection, words, condition, limit)
    patterns = _patterns(words.wanted)
    hits = tuple(_hit(connection, row, patterns) for row in rows)
    cut = len(rows) < limit and has_older(connection, words, condition)
    return SearchResult(hits, count_unindexed(connection), MOST_LOOKED_AT if cut else None)


def nothing_matches(text: str) -> str:
    """Return what to say of a search without hits: a letter being typed is a word as yet."""
    wanted = Words.parse(text).wanted
    if wanted and len(wanted[-1]) == 1 and not is_cjk(wanted[-1]):
        return "Nothing matches: one letter counts as a whole word."
    return "Nothing matches."


def index_here(store: Store, paths: WorkspacePaths) -> None:
    """Index words for a moment, if no engine runs that does it."""
    until = time.monotonic() + INDEX_SECONDS
    try:
        with EngineLock(paths.lock), store.alone() as write:
            while write(index_jobs) and time.monotonic() < until:
                pass
    except WorkspaceBusy:
        return
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY}:
            raise


def _patterns(words: Sequence[str]) -> list[re.Pattern[str]]:
    """Return a pattern for each word or phrase, on folded text."""
    patterns = []
    for number, word in enumerate(words):
        body = r"[\W_]+".join(re.escape(part) for part in _folded(word)[0].split())
        is_last = number == len(words) - 1
        end = "" if (is_last and is_beginning(word)) or is_cjk(word[-1]) else _NO_LETTER_AFTER
        patterns.append(re.compile(f"{'' if is_cjk(word[0]) else _NO_LETTER_BEFORE}{body}{end}"))
    return patterns


def _hit(
    connection: sqlite3.Connection, row: TextRow, patterns: list[re.Pattern[str]]
) -> SearchHit:
    field = max(COLUMNS, key=lambda name: _count(patterns, getattr(row, name)))
    snippet, marks = _snippet(patterns, getattr(row, field))
    return SearchHit(
        job=job_name(row.id),
        key=clean(row.key, 120),
        batch=batch_name(row.batch_id),
        batch_name=clean(row.batch, 120),
        recipe=clean(row.recipe, 60),
        state=row.state,
        score=row.score,
        rating=rating_word(row.rating),
        archived=bool(row.archived),
        field=field,
        part=_part(connection, row.id, field, patterns),
        snippet=snippet,
        marks=marks,
    )


def _count(patterns: Iterable[re.Pattern[str]], text: str) -> int:
    folded, _ = _folded(text)
    return sum(pattern.search(folded) is not None for pattern in patterns)


def _part(
    connection: sqlite3.Connection, job_id: int, field: str, patterns: list[re.Pattern[str]]
) -> str:
    """Return the newest part of a job whose text has most of the words."""
    table = {"prompt": "prompts", "reason": "prompts", "critique": "critiques"}.get(field)
    if table is None:
        return ""
    parts = parts_with(connection, job_id, table)
    best = max(parts, key=lambda part: _count(patterns, part[2]), default=None)
    if best is None or not _count(patterns, best[2]):
        return ""
    return clean(best[0] or best[1], 200)


def _snippet(patterns: list[re.Pattern[str]], text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return some words around the first match, cleaned, and the matches in them."""
    starts = [span[0] for pattern in patterns if (span := _first(pattern, text))]
    first = min(starts, default=0)
    begin = max(0, first - _BEFORE)
    if begin:  # not in the middle of a word
        space = text.find(" ", begin, first)
        begin = space + 1 if space >= 0 else begin
    end = first + _AFTER
    cut = " ".join(clean(text[begin:end], None).split())
    shown = f"{'…' if begin else ''}{cut}{'…' if end < len(text) else ''}"
    folded, places = _folded(shown)
    marks = {
        (places[match.start()], places[match.end() - 1] + 1)
        for pattern in patterns
        for match in pattern.finditer(folded)
        if match.end() > match.start()
    }
    return shown, tuple(sorted(marks))


def _first(pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    folded, places = _folded(text)
    match = pattern.search(folded)
    return (places[match.start()], places[match.end() - 1] + 1) if match else None


@lru_cache(maxsize=64)
def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return a text without case and accents, and the place in it of each character."""
    if text.isascii():
        return text.lower(), range(len(text))
    parts: list[str] = []
    places: list[int] = []
    for place, one in enumerate(text[:_FOLDED_CHARS]):
        folded = "".join(
            c for c in unicodedata.normalize("NFD", one.casefold()) if not unicodedata.combining(c)
        )
        parts.append(folded)
        places += [place] * len(folded)
    return "".join(parts), places
