"""The contents of the files that tell of a job, as plain data.

Every field is described in `docs/outputs.md`; change both together.
"""

from typing import Any

from engine.recipes.common.documents import VERSION
from engine.recipes.refine.report import (
    BatchReport,
    CandidateReport,
    EvaluationReport,
    IterationReport,
    JobReport,
    Totals,
)
from engine.text.amounts import dollars


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
        "image": image_name(turn),
        **(_set(turn) if turn.candidates else {}),
    }


def _set(turn: IterationReport) -> dict[str, Any]:
    return {
        "candidate": turn.candidate,
        "reason": turn.reason,
        "candidates": [_candidate(turn, one) for one in turn.candidates],
    }


def _candidate(turn: IterationReport, one: CandidateReport) -> dict[str, Any]:
    return {
        "candidate": one.number,
        "selected": one.number == turn.candidate,
        "prompt": one.prompt,
        "negative_prompt": one.negative_prompt,
        "seed": one.seed,
        "score": one.score,
        "missing": list(one.evaluation.missing) if one.evaluation else [],
        "artifact": one.artifact.hash,
        "image": candidate_name(turn, one),
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
        **({} if evaluation.spread is None else {"spread": evaluation.spread}),
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
        "stop": job.stop,
        "rating": job.rating,
        "iterations": [
            {
                "iteration": turn.number,
                "prompt": turn.prompt,
                "negative_prompt": turn.negative_prompt,
                "score": turn.score,
                "image": image_name(turn),
            }
            for turn in job.iterations
        ],
        "totals": totals(job.totals),
    }


def batch_head(batch: BatchReport) -> dict[str, Any]:
    """Return the fields of the batch itself in `batch_summary.json`."""
    return batch.model_dump(mode="json")


def batch_entry(job: JobReport) -> dict[str, Any]:
    """Return the fields of one job in `batch_summary.json`."""
    return {
        "id": job.key,
        "title": job.title,
        "job": job.id,
        "state": job.state,
        "error": job.error,
        "folder": job.output,
        "best": _best(job),
        "rating": job.rating,
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


def image_name(turn: IterationReport) -> str:
    """The name of an iteration's image."""
    return turn.file or f"iteration_{turn.number}.png"


def candidate_name(turn: IterationReport, one: CandidateReport) -> str:
    """The name of a candidate's image: the iteration's own for the selected one."""
    if one.number == turn.candidate:
        return image_name(turn)
    return one.file or f"{candidate_stem(turn, one)}.png"


def candidate_stem(turn: IterationReport, one: CandidateReport) -> str:
    """The name of a further candidate's image without its ending."""
    return f"iteration_{turn.number}_candidate_{one.number}"


def _best(job: JobReport) -> dict[str, Any] | None:
    turn = job.best_iteration
    if turn is None:
        return None
    return {
        "iteration": turn.number,
        "score": turn.score,
        "prompt": turn.prompt,
        "image": image_name(turn),
    }
