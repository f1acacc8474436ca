"""The contents of the files that tell of a job, as plain data and as bytes.

Every field is described in `docs/outputs.md`; change both together.
"""

import json
import re
from typing import Any

import yaml

from engine.export.report import BatchReport, EvaluationReport, IterationReport, JobReport, Totals

VERSION = 1
"""Version of these documents, in each of them."""

# What a terminal would act on or hide when such a file is shown with `cat`, and halves of
# characters, which UTF-8 cannot hold.
_HIDDEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # ten times as fast where it is built


def iteration_results(job: JobReport, turn: IterationReport) -> dict[str, Any]:
    """The content of `iteration_N_results.json` and `.yaml`."""
    return {
        "version": VERSION,
        "id": job.key,
        "iteration": turn.number,
        "prompt": turn.prompt,
        "negative_prompt": turn.negative_prompt,
        "seed": turn.seed,
        "backend": turn.backend,
        "model": turn.model,
        "size": {"width": turn.width, "height": turn.height},
        "score": turn.score,
        "started_at": turn.started_at,
        "finished_at": turn.finished_at,
        "timings": dict(turn.timings),
        "cost_usd": dollars(turn.cost_microdollars),
        "artifact": turn.artifact.hash,
        "reference": turn.reference,
        "picture": picture_name(turn),
    }


def iteration_evaluation(
    job: JobReport, turn: IterationReport, evaluation: EvaluationReport
) -> dict[str, Any]:
    """The content of `iteration_N_evaluation.json`."""
    return {
        "version": VERSION,
        "id": job.key,
        "iteration": turn.number,
        **evaluation.model_dump(mode="json"),
    }


def job_summary(job: JobReport) -> dict[str, Any]:
    """The content of `summary.json`."""
    return {
        "version": VERSION,
        "id": job.key,
        "title": job.title,
        "job": job.id,
        "batch": {"id": job.batch_id, "name": job.batch_name},
        "recipe": job.recipe,
        "state": job.state,
        "error": job.error,
        "folder": job.output,
        "input": job.input,
        "best": _best(job),
        "iterations": [
            {
                "iteration": turn.number,
                "prompt": turn.prompt,
                "negative_prompt": turn.negative_prompt,
                "score": turn.score,
                "picture": picture_name(turn),
            }
            for turn in job.iterations
        ],
        "totals": totals(job.totals),
    }


def batch_head(batch: BatchReport) -> dict[str, Any]:
    """What `batch_summary.json` says of the batch itself."""
    return batch.model_dump(mode="json")


def batch_entry(job: JobReport) -> dict[str, Any]:
    """What `batch_summary.json` says of one job."""
    return {
        "id": job.key,
        "title": job.title,
        "job": job.id,
        "state": job.state,
        "error": job.error,
        "folder": job.output,
        "best": _best(job),
        "totals": totals(job.totals),
    }


def totals(sums: Totals) -> dict[str, Any]:
    """Sums as they are written."""
    return {
        "cost_usd": dollars(sums.cost_microdollars),
        "seconds": sums.seconds,
        "calls": sums.calls,
        "iterations": sums.iterations,
    }


def dollars(microdollars: int) -> float:
    """US dollars of millionths of one."""
    return microdollars / 1_000_000


def picture_name(turn: IterationReport) -> str:
    """The name of an iteration's picture."""
    return turn.file or f"iteration_{turn.number}.png"


def to_json(document: dict[str, Any], indent: int | None = 2) -> bytes:
    """A document as UTF-8 JSON that is safe to show in a terminal."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode() + b"\n"


def to_yaml(document: dict[str, Any]) -> bytes:
    """A document as UTF-8 YAML that is safe to show in a terminal."""
    readable = not _HIDDEN.search(json.dumps(document, ensure_ascii=False))
    text: str = yaml.dump(_whole(document), Dumper=_Dumper, sort_keys=False, allow_unicode=readable)
    return text.encode()


def _whole(value: Any) -> Any:
    """The same data with U+FFFD for halves of characters, which YAML has no way to write."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _best(job: JobReport) -> dict[str, Any] | None:
    turn = job.best_iteration
    if turn is None:
        return None
    return {
        "iteration": turn.number,
        "score": turn.score,
        "prompt": turn.prompt,
        "picture": picture_name(turn),
    }
