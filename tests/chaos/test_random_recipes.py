"""Random recipes, random failures, random kills: the same result as without."""

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.chaos import Nursery, ProviderProcess, Stage
from tests.support.chaos_engine import TOLD
from tests.support.effort import scaled
from tests.support.random_recipe import RANDOM

names = st.sampled_from(["paint", "judge", "tell"])
usual = st.sampled_from(["ok", "ok", "ok", "busy", "refused", "defect"])
steps = st.tuples(st.just("step"), names, usual).map(list)
programs = st.recursive(
    steps,
    lambda inner: st.tuples(
        st.sampled_from(["then", "together"]), st.lists(inner, min_size=1, max_size=4)
    ).map(list),
    max_leaves=10,
)
fatal = st.sampled_from([[], [], [], [["step", "end", "fatal"]]])
kills = st.lists(
    st.tuples(st.sampled_from(["before", "after"]), st.integers(2, 25)), min_size=1, max_size=4
)


def answers(stage: Stage) -> list[tuple[str, dict[str, str] | None]]:
    """State and answers of each job, without the number that is each answer's own."""
    found: list[tuple[str, dict[str, str] | None]] = []
    for job in stage.jobs():
        said = json.loads(job.result)["answers"] if job.result else None
        plain = said and {key: text.rpartition("|")[0] for key, text in said.items()}
        found.append((job.state, plain))
    return found


def finished(stage: Stage) -> dict[tuple[int, str], str]:
    """The stored results of finished steps."""
    sql = "SELECT job_id, key, result FROM steps WHERE state = 'done'"
    rows = stage.read(lambda c: c.execute(sql).fetchall())
    return {(row["job_id"], row["key"]): row["result"] for row in rows}


@settings(
    max_examples=scaled(5),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(program=st.lists(programs, min_size=1, max_size=3), end=fatal, kills=kills)
def test_a_killed_recipe_ends_as_one_that_was_not(
    program: list[Any],
    end: list[Any],
    kills: list[tuple[str, int]],
    nursery: Nursery,
    provider: ProviderProcess,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole = [*program, *end]
        template = Stage.queued(Path(folder) / "t", provider, 2, RANDOM, program=whole)
        reference, stage = template.copy(Path(folder) / "r"), template.copy(Path(folder) / "s")
        assert nursery.run(reference.root, provider.port)
        before: dict[tuple[int, str], str] = {}
        for moment, number in kills:
            nursery.run(stage.root, provider.port, f"{moment}:{number}")
            now = finished(stage)
            assert before.items() <= now.items()  # what was finished stays as it was
            before = now
        assert nursery.run(stage.root, provider.port)
        now = finished(stage)
        assert before.items() <= now.items()
        assert answers(stage) == answers(reference)
        check_answers(stage, now)
        check_calls(stage, now, len(kills))


def check_answers(stage: Stage, done: dict[tuple[int, str], str]) -> None:
    """Every answer of a job's result is that of the step with its key: nothing was swapped."""
    for job in stage.jobs():
        said = json.loads(job.result)["answers"] if job.result else {}
        for key, text in said.items():
            if not text.startswith(("refused|", "defect|")):
                assert json.loads(done[job.id, key])["prompt"] == text


def check_calls(stage: Stage, done: dict[tuple[int, str], str], lives: int) -> None:
    """No finished step ran again: more calls than steps only where a kill came between."""
    calls = (stage.root / TOLD).read_text().splitlines() if (stage.root / TOLD).exists() else []
    kept = [json.loads(result)["prompt"] for result in done.values()]
    assert Counter(kept) - Counter(calls) == Counter()
    sql = "SELECT step_id FROM events WHERE type = 'step.done'"
    ended = Counter(row[0] for row in stage.read(lambda c: c.execute(sql).fetchall()))
    assert set(ended.values()) <= {1}
    assert len(calls) - len(kept) <= 3 * lives  # three are in flight at most
    assert stage.store.check() == []
