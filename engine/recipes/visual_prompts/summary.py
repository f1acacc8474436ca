"""Facts about a batch of samples that has ended."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from db.rows import BatchRow
from engine.contract.outputs import SummaryLine
from engine.recipes.visual_prompts.corpus import CorpusCreativity, Measures, read_measures
from engine.recipes.visual_prompts.creativity.documents import MODES, comparison_report
from engine.recipes.visual_prompts.documents import Record, sample_record, tempo_range
from engine.recipes.visual_prompts.outputs_corpus import scored
from engine.recipes.visual_prompts.read_report import job_report
from engine.text.plural import pluralize

_FEW = 5


def summary(
    connection: sqlite3.Connection, batch: BatchRow, stored: Callable[[str], Path]
) -> Iterator[SummaryLine]:
    """Yield the facts about a batch: counts, tempo, moods, modes compared, errors."""
    reports = (job_report(connection, batch, job) for job in queries.all_jobs(connection, batch.id))
    records = [sample_record(report) for report in reports]
    yield _samples(records)
    yield _prompts(records)
    yield from _music(records)
    yield from _creativity(records, batch, stored)
    yield from _errors(records)


def _samples(records: Sequence[Record]) -> SummaryLine:
    done = sum(bool(record["prompts"]) for record in records)
    failed = sum(bool(record.get("error")) for record in records)
    text = f"{pluralize(done, 'sample')} with prompts, {failed} with errors"
    return SummaryLine("samples", text, {"with_prompts": done, "with_errors": failed})


def _prompts(records: Sequence[Record]) -> SummaryLine:
    modes = Counter(prompt["mode"] for record in records for prompt in record["prompts"])
    listed = ", ".join(f"{modes[mode]} {mode}" for mode in MODES.values())
    return SummaryLine("prompts", f"{modes.total()}: {listed}", dict(modes))


def _music(records: Sequence[Record]) -> Iterator[SummaryLine]:
    if (found := tempo_range(records)) is not None:
        low, high = found
        yield SummaryLine("tempo", f"{low:.1f} to {high:.1f} beats per minute", found)
    features = [record.get("musical_features") or {} for record in records]
    moods = Counter(str(one["mood"]) for one in features if one.get("mood"))
    if moods:
        listed = "; ".join(f"{mood} ({count})" for mood, count in moods.most_common(_FEW))
        more = len(moods) - _FEW
        text = f"{listed}; and {more} more" if more > 0 else listed
        yield SummaryLine("moods", text, dict(moods.most_common()))


def _creativity(
    records: Sequence[Record], batch: BatchRow, stored: Callable[[str], Path]
) -> Iterator[SummaryLine]:
    found = batch.after_result
    result = CorpusCreativity.model_validate_json(found) if found else CorpusCreativity()
    measures: Measures = read_measures(result, stored)
    if measures:
        report = comparison_report(scored(records, batch.name, measures, {}))
        yield _modes(report["dimensions"]["overall"])
        yield _words(report["word_overlap"])
    for problem in result.problems:
        yield SummaryLine("not defined", problem, problem)


def _modes(row: Mapping[str, Any]) -> SummaryLine:
    means = {mode: row[mode]["mean"] for mode in MODES.values()}
    text = ", ".join(f"{mode} {_shown(value, '.1f')}" for mode, value in means.items())
    if row["difference"] is not None:
        effect = _shown(row["hedges_g"], "+.2f")
        text += f"; difference {row['difference']:+.1f} (Hedges's g {effect})"
    data = {**means, "difference": row["difference"], "hedges_g": row["hedges_g"]}
    return SummaryLine("creativity", text, data)


def _words(overlap: Mapping[str, Any]) -> SummaryLine:
    names = ("within_convergent", "within_divergent", "across_samples")
    means = {name: overlap[name]["mean"] for name in names}
    listed = (f"{name.replace('_', ' ')} {_shown(mean, '.2f')}" for name, mean in means.items())
    return SummaryLine("same words", ", ".join(listed), means)


def _shown(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def _errors(records: Sequence[Record]) -> Iterator[SummaryLine]:
    messages = [str(record["error"]) for record in records if record.get("error")]
    if messages:
        more = f" And {len(messages) - _FEW} more." if len(messages) > _FEW else ""
        yield SummaryLine("errors", " ".join(messages[:_FEW]) + more, messages)
