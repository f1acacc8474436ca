"""Time of a search over many jobs, each with a prompt, on the real schema and the real index.

Usage: python -m bench.cases.search JOBS
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate, pairwise, product
from pathlib import Path

from bench.dashboard_store import add_batch
from bench.machine import emit
from db.connect import connect_writer
from db.queries.search import Condition
from db.store import Store
from db.writes.search import index_jobs
from engine.client.search import search

WORDS = 20_000
LENGTH = 25
LIMIT = 50
PIECE = 5_000
KANA = "のをにはがとでもかられたいしてる雪狐山川海空森夜朝夕日月星花鳥風雨木"

_STEP = """
INSERT INTO steps (batch_id, job_id, key, scope, name, fingerprint, state, operation, backend,
                   model, request, started_at)
VALUES (1, ?, 'iteration-1/prompt', 'iteration-1', 'prompt', ?, 'done', 'prompt', 'bench',
        'bench-1', '{}', '2026-11-01T12:00:00.000000Z')
"""
_PROMPT = """
INSERT INTO prompts (job_id, step_id, text, negative, author, reason, created_at)
VALUES (?, ?, ?, '', 'bench', 'why', '2026-11-01T12:00:00.000000Z')
"""


def vocabulary() -> tuple[list[str], list[float]]:
    """Words of four to six letters, and sums of frequencies by Zipf's law."""
    syllables = [a + b for a, b in product("bdfgklmnprstvz", "aeiou")]
    stems = ["".join(parts) for parts in product(syllables, syllables, syllables[::2])]
    words = random.Random(1).sample(stems, WORDS)
    return words, list(accumulate(1 / (rank + 10) for rank in range(WORDS)))


def texts(count: int) -> Iterator[str]:
    """Prompts of 25 words; one in ten has a sentence in Japanese too."""
    words, sums = vocabulary()
    chance = random.Random(2)
    for number in range(count):
        text = " ".join(chance.choices(words, cum_weights=sums, k=LENGTH))
        yield text if number % 10 else f"{text} {''.join(chance.choices(KANA, k=20))}"


def fill(path: Path, jobs: int) -> sqlite3.Connection:
    """A store with that many finished jobs in the index; returns its writer."""
    Store.create(path, created_by="bench")
    writer = connect_writer(path)
    writer.execute("BEGIN IMMEDIATE")
    add_batch(writer, "huge", jobs, open_=False)
    for job, text in enumerate(texts(jobs), 1):
        step = writer.execute(_STEP, (job, f"{job:032d}")).lastrowid
        writer.execute(_PROMPT, (job, step, text))
    writer.execute("COMMIT")
    return writer


def index(writer: sqlite3.Connection) -> float:
    """Index all jobs in pieces; returns microseconds of processor time a job."""
    jobs, before = 0, time.process_time()
    while True:
        writer.execute("BEGIN IMMEDIATE")
        jobs += (piece := index_jobs(writer, PIECE))
        writer.execute("COMMIT")
        if piece < PIECE:
            return (time.process_time() - before) / jobs * 1e6


def queries() -> list[tuple[str, Condition]]:
    """Fifty searches: common, rare and unknown words, beginnings, phrases, exclusions, scores."""
    words, _ = vocabulary()
    first = next(texts(1)).split()
    some = [words[round(WORDS ** (n / 19)) - 1] for n in range(20)]
    plain = [*some, *(f"{a} {b}" for a, b in pairwise(some))]
    plain += ["b", "ba", "bab", some[0][:3], some[9][:4], "qwerty", f"{some[0]} -{some[1]}"]
    asked = [(text, Condition()) for text in plain]
    asked.append((f'"{" ".join(first[:3])}"', Condition()))
    asked += [(some[n], Condition(min_score=95.0)) for n in (0, 5, 10)]
    return asked


def short_queries() -> list[str]:
    """Searches of one or two letters, as they are while somebody types, and of one or two kana."""
    beginnings = ["".join(pair) for pair in product("bdfgkz", "aeu")]
    others = ["b", "x", "zz", "狐", "の", "の中", "雪狐", "狐雪山"]
    words, _ = vocabulary()
    return [*beginnings, *others, f"{words[0]} ba", f"ba -{words[1]}", "ba ze"]


def times_of_short(reader: sqlite3.Connection) -> list[tuple[float, str]]:
    """Seconds of processor time of each short search, the slowest last."""
    times = []
    for text in short_queries():
        used = time.process_time()
        search(reader, text, Condition(), LIMIT)
        times.append((time.process_time() - used, text))
    return sorted(times)


def main() -> None:
    jobs = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="search-") as folder:
        path = Path(folder) / "store.db"
        writer = fill(path, jobs)
        each = index(writer)
        reader = Store(path).reader()
        asked, took = queries(), []
        for text, condition in asked:
            before, used = time.perf_counter(), time.process_time()
            hits = len(search(reader, text, condition, LIMIT).hits)
            wall, cpu = time.perf_counter() - before, time.process_time() - used
            took.append((wall, cpu, text, hits))
        short = times_of_short(reader)
        size = path.stat().st_size / 1e6
    by_wall, by_cpu = sorted(t[0] for t in took), sorted(t[1] for t in took)
    at = round(0.95 * (len(took) - 1))
    worst = max(took)
    emit(
        queries=len(took),
        p50_ms=by_wall[len(took) // 2] * 1e3,
        p95_ms=by_wall[at] * 1e3,
        p95_cpu_ms=by_cpu[at] * 1e3,
        worst_ms=worst[0] * 1e3,
        worst_cpu_ms=by_cpu[-1] * 1e3,
        worst=worst[2],
        hits=sum(t[3] for t in took),
        index_us=each,
        store_mb=size,
        short=len(short),
        short_p50_ms=short[len(short) // 2][0] * 1e3,
        short_worst_ms=short[-1][0] * 1e3,
        short_worst=short[-1][1],
    )


if __name__ == "__main__":
    main()
