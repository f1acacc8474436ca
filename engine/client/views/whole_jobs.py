"""Whole jobs to compare, of one batch or of several: each by its best file or result."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

from db.queries import comparing, digest, inspect, lineage, lists
from db.queries.faces import FileLine
from db.rating import rating_word
from engine.client.views.candidates import MAX_CANDIDATES, Candidate, Comparison
from engine.client.views.checks import checks_of
from engine.client.views.files import faces, openable, result_item
from engine.client.views.jobs import Glance, read_glance
from engine.client.views.recipe_info import Headlines
from engine.text import figures
from engine.text.plural import pluralize
from engine.text.terminal import clean

PageOfIds = Callable[[sqlite3.Connection, int, int], list[int]]
"""Reads ids from an index on, at most a number of them."""

MAX_SETTING = 60
"""Characters of a setting that are shown."""


class BestOfJobs:
    """View of several jobs, each by its best file, or by its newest result if it has no file.

    A job is read again once it has changed, and not when another one has.

    Args:
        job_ids: The jobs, of one batch or of several.
        chosen: The job that was selected.
        headlines: Headlines of the recipes.
        in_full: False to leave out scores, checks and settings, for one look at a time.
    """

    every = 5.0

    def __init__(
        self, job_ids: Sequence[int], chosen: int, headlines: Headlines, *, in_full: bool = True
    ) -> None:
        self._ids = list(job_ids)[:MAX_CANDIDATES]
        self._chosen = chosen
        self._headlines = headlines
        self._in_full = in_full
        self._kept: dict[int, tuple[object, Candidate]] = {}

    def at(self, candidate: Candidate) -> "BestOfJobs":
        """Return the same jobs with another one selected."""
        return BestOfJobs(self._ids, candidate.job, self._headlines, in_full=False)

    def beside(self, job: int, headlines: Headlines) -> "BestOfJobs":
        """Return the same jobs and another one, which is selected."""
        ids = self._ids if job in self._ids else [*self._ids[: MAX_CANDIDATES - 1], job]
        return BestOfJobs(ids, job, headlines)

    def read(self, connection: sqlite3.Connection, version: int) -> Comparison:
        """Return the present jobs."""
        lines = lists.jobs_of_ids(connection, self._ids)
        batch_ids = {line.batch_id for line in lines}
        batches = {id_: lists.batch_line(connection, id_) for id_ in batch_ids}
        known = [(line, batch) for line in lines if (batch := batches[line.batch_id]) is not None]
        if not known:
            return Comparison("")
        is_mixed = len({batch.id for _, batch in known}) > 1
        candidates = self._candidates(connection, known, is_mixed=is_mixed)
        ids = [line.id for line, _ in known]
        at = ids.index(self._chosen) if self._chosen in ids else len(ids) - 1
        title = f"b{known[0][1].id} {clean(known[0][1].name, 60)}"
        if is_mixed:
            title = " beside ".join(f"j{id_}" for id_ in ids)
        return Comparison(title, candidates, at)

    def _candidates(
        self,
        connection: sqlite3.Connection,
        known: Sequence[tuple[lists.JobLine, lists.BatchLine]],
        *,
        is_mixed: bool,
    ) -> tuple[Candidate, ...]:
        """Return jobs to compare; those that have not changed as they were read."""
        before, self._kept = self._kept, {}
        versions = inspect.job_versions(connection, [line.id for line, _ in known])
        for line, batch in known:
            version = (replace(line, fraction=None), versions.get(line.id), batch.recipe, is_mixed)
            kept = before.get(line.id)
            if kept is None or kept[0] != version:
                kept = version, self._candidate(connection, line, batch, is_mixed=is_mixed)
            self._kept[line.id] = kept
        return tuple(self._kept[line.id][1] for line, _ in known)

    def _candidate(
        self,
        connection: sqlite3.Connection,
        line: lists.JobLine,
        batch: lists.BatchLine,
        *,
        is_mixed: bool,
    ) -> Candidate:
        glance = read_glance(connection, line.id, self._headlines.of(batch.recipe))
        file = glance.file if glance else None
        key = clean(line.key, 60)
        candidate = Candidate(
            job=line.id,
            node=0,
            title=f"j{line.id} {key}" if is_mixed else key,
            state=line.state,
            score=line.score,
            prompt=glance.prompt if glance else "",
            file=file,
            opens=openable("best", file, "") if file else None,
            rating=rating_word(line.rating),
        )
        if not self._in_full or glance is None:
            return candidate
        return _in_full(connection, candidate, glance, batch.recipe if is_mixed else "")


def _in_full(
    connection: sqlite3.Connection, candidate: Candidate, glance: Glance, recipe: str
) -> Candidate:
    """Return a job with what was seen in its best result, and what it was generated with."""
    file, job = candidate.file, candidate.job
    best = comparing.best_part(connection, job, file.id if file else None)
    item = None
    if file is None and (step := _newest_result(connection, job)) is not None:
        item = result_item(connection, step)
    critique = inspect.critique_of(connection, best.steps)
    is_prompt = item is not None and item.kind == "prompt"
    scores = comparing.scores_of_part(connection, job, best.scope, file.hash if file else "")
    work = inspect.following(connection, job, 0)
    return replace(
        candidate,
        prompt="" if is_prompt else _painted(connection, file) or glance.prompt,
        item=item,
        checks=checks_of(connection, critique.step_id) if critique else (),
        scores=tuple({clean(one.metric, 60): one.value for one in scores}.items()),
        settings=_settings(connection, job, recipe),
        again=_work(work),
    )


def _newest_result(connection: sqlite3.Connection, job_id: int) -> inspect.StepLine | None:
    """Return the newest result of a job without files: one that a kind draws, before plain data."""
    done = [step for step in inspect.step_lines(connection, job_id) if step.state == "done"]
    return max(done, key=lambda step: (step.kind not in faces().hidden, step.id), default=None)


def _painted(connection: sqlite3.Connection, file: FileLine | None) -> str:
    """Return the prompt that a file was generated from; empty if it is not known."""
    if file is None or file.step_id is None:
        return ""
    prompt = inspect.prompt_painted(connection, [file.step_id], faces())
    return clean(prompt, inspect.TEXT_LIMIT, keep_newlines=True)


def _work(work: inspect.LaterSteps) -> str:
    if not work.steps:
        return ""
    steps = pluralize(work.steps, "step")
    return f"{steps}, {figures.money(work.cost)}" if work.cost else steps


def _settings(
    connection: sqlite3.Connection, job_id: int, recipe: str
) -> tuple[tuple[str, str], ...]:
    """Return the settings of a job as texts by name, its recipe first, its seed last."""
    row = comparing.job_settings(connection, job_id)
    try:
        values = json.loads(row.settings)
    except (ValueError, RecursionError):
        values = {}
    items = values.items() if isinstance(values, dict) else ()
    named = {"recipe": recipe} if recipe else {}
    named |= {clean(str(name), 40): _as_text(value) for name, value in items}
    return tuple({**named, "seed": str(row.seed)}.items())


def _as_text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text, MAX_SETTING)


class BestOfList(BestOfJobs):
    """View of the jobs of a list around one of them, each by its best file.

    The order is that of the moment at which a part of the list is first read.

    Args:
        page: Reads the ids of the list from an index on, at most a number of them.
        at: Index of the job in the list.
        total: Number of jobs in the list.
        headlines: Headlines of the recipes.
    """

    def __init__(self, page: PageOfIds, at: int, total: int, headlines: Headlines) -> None:
        super().__init__([], 0, headlines, in_full=False)
        self._page = page
        self._total = total
        self.look_at(at)

    def look_at(self, index: int) -> None:
        """Show the part of the list around an index from the next read on."""
        last = max(0, self._total - MAX_CANDIDATES)
        self._first = max(0, min(index - MAX_CANDIDATES // 2, last))
        self._index, self._ids = index, []

    def read(self, connection: sqlite3.Connection, version: int) -> Comparison:
        """Return the present state of the jobs around the one that is looked at."""
        if not self._ids:
            self._ids = self._page(connection, self._first, MAX_CANDIDATES)
            at = self._index - self._first
            self._chosen = self._ids[at] if at < len(self._ids) else 0
        comparison = super().read(connection, version)
        return replace(comparison, first=self._first, total=max(self._total, len(self._ids)))


def beside_origin(
    connection: sqlite3.Connection, job_id: int, headlines: Headlines, scope: str | None = None
) -> BestOfJobs | None:
    """Return a job beside the one that it is a branch of; None if it is no branch.

    Args:
        connection: A reader.
        job_id: The job.
        headlines: Headlines of the recipes.
        scope: The selected scope, empty for the job as a whole; another than the one at which the
            branch begins has no origin. None for the job in a list.
    """
    origin = lineage.origin_of(connection, job_id)
    if origin is None or origin.branch is None or scope not in {None, "", origin.branch}:
        return None
    ids = [origin.source_job_id, job_id]
    there = len(lists.jobs_of_ids(connection, ids)) == len(ids)
    return BestOfJobs(ids, job_id, headlines) if there else None


def beside_neighbour(
    connection: sqlite3.Connection, job_id: int, headlines: Headlines
) -> BestOfJobs | None:
    """Return a job beside the one before it in its batch, or the one after; None if it is alone."""
    lines = lists.jobs_of_ids(connection, [job_id])
    if not lines:
        return None
    start = max(0, lines[0].position - 2)
    ids = lists.ids_at(connection, lines[0].batch_id, start, 3)
    ids = ids[: max(2, ids.index(job_id) + 1)] if job_id in ids else []
    return BestOfJobs(ids, job_id, headlines) if len(ids) == 2 else None


def best_of_batches(
    connection: sqlite3.Connection, batch_ids: Sequence[int], chosen: int, headlines: Headlines
) -> BestOfJobs | None:
    """Return the best jobs of some batches side by side; None for less than two with results."""
    best: dict[int, int] = {}
    for batch_id in batch_ids[:MAX_CANDIDATES]:
        batch = lists.batch_line(connection, batch_id)
        if batch is not None:
            better = headlines.of(batch.recipe).higher_is_better
            ids = digest.best_jobs(connection, batch_id, 1, higher_is_better=better)
            best |= {batch_id: ids[0]} if ids else {}
    return BestOfJobs([*best.values()], best.get(chosen, 0), headlines) if len(best) > 1 else None
