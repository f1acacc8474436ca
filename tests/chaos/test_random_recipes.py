"""Random recipes, random failures, random kills: the same result as without."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
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

WIDE = [["together", [["step", name, "ok"]] * 4] for name in ("paint", "judge", "tell")]
"""More steps at once than the lane has slots: many answers wait for one commit."""


def answers(stage: Stage) -> list[tuple[str, dict[str, str] | None]]:
    """State and answers of each job, without the number that is each answer's own."""
    found: list[tuple[str, dict[str, str] | None]] = []
    for job in stage.jobs():
        said = json.loads(job.result)["answers"] if job.result else None
        plain = said and {key: text.rpartition("|")[0] for key, text in said.items()}
        found.append((job.state, plain))
    return found


def calls(stage: Stage) -> list[str]:
    """The answers that the backend has given so far."""
    path = stage.root / TOLD
    return path.read_text().splitlines() if path.exists() else []


def briefs(texts: Iterable[str]) -> Counter[str]:
    """Count the answers to each brief; a step has a brief of its own."""
    return Counter(text.rpartition("|")[0] for text in texts)


def prompts(done: dict[tuple[int, str], str]) -> list[str]:
    """The stored answers of finished steps."""
    return [json.loads(result)["prompt"] for result in done.values()]


def finished(stage: Stage) -> dict[tuple[int, str], str]:
    """The stored results of finished steps."""
    sql = "SELECT job_id, key, result FROM steps WHERE state = 'done'"
    rows = stage.read(lambda c: c.execute(sql).fetchall())
    return {(row["job_id"], row["key"]): row["result"] for row in rows}


@settings(
    max_examples=scaled(5),
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(program=[["together", WIDE]], end=[], kills=[("before", 7)])
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
        for kill in [*(f"{moment}:{number}" for moment, number in kills), ":0"]:
            asked = len(calls(stage))
            assert nursery.run(stage.root, provider.port, kill) or kill != ":0"
            now = finished(stage)
            assert before.items() <= now.items()  # what was finished stays as it was
            check_life(calls(stage)[asked:], before)
            before = now
        assert answers(stage) == answers(reference)
        check_answers(stage, before)
        check_calls(stage, before)


def check_life(life: list[str], before: dict[tuple[int, str], str]) -> None:
    """An engine makes no call of a step that was finished before it, and none twice.

    What it repeats of killed engines has no bound but that: a slot of the lane is free at the
    answer, so any number of answers may wait for the commit that a kill prevents.
    """
    assert set(briefs(life).values()) <= {1}
    assert not briefs(life) & briefs(prompts(before))


def check_answers(stage: Stage, done: dict[tuple[int, str], str]) -> None:
    """Every answer of a job's result is that of the step with its key: nothing was swapped."""
    for job in stage.jobs():
        said = json.loads(job.result)["answers"] if job.result else {}
        for key, text in said.items():
            if not text.startswith(("refused|", "defect|")):
                assert json.loads(done[job.id, key])["prompt"] == text


def check_calls(stage: Stage, done: dict[tuple[int, str], str]) -> None:
    """Each stored answer is one that was given, and each step was finished once."""
    assert Counter(prompts(done)) <= Counter(calls(stage))
    sql = "SELECT step_id FROM events WHERE type = 'step.done'"
    ended = Counter(row[0] for row in stage.read(lambda c: c.execute(sql).fetchall()))
    assert set(ended.values()) <= {1}
    assert stage.store.check() == []
