"""The documents about a film: the one beside it, and its line in the summary of a batch."""

from collections.abc import Sequence
from typing import Any

from engine.recipes.common.documents import VERSION
from engine.recipes.music_video.report import FilmReport
from engine.text.amounts import dollars


def film_document(report: FilmReport, files: Sequence[str]) -> dict[str, Any]:
    """Return the document of a film.

    Args:
        report: The film.
        files: Names of its files.
    """
    return {
        "version": VERSION,
        "id": report.key,
        "state": report.state,
        "title": report.title,
        "artist": report.artist,
        "seconds": report.seconds,
        "files": list(files),
        "error": report.error or None,
        "rating": report.rating,
        "fallbacks": [
            {
                "section": one.section + 1,
                "label": one.label,
                "shows": one.kind,
                "reason": one.reason,
                "retry": one.retry,
            }
            for one in report.fallbacks
        ],
        "keyframes": [
            {
                "section": one.section,
                "image": one.view,
                "prompt": one.prompt,
                "seed": one.seed,
                "backend": one.backend,
                "model": one.model,
                "palette_distance_before": one.palette_before,
                "palette_distance_after": one.palette_after,
            }
            for one in report.images
        ],
        "tiers": [
            {
                "tier": one.title,
                "steps": one.steps,
                "seconds": round(one.seconds, 1),
                "cost_usd": dollars(one.cost),
            }
            for one in report.spent
        ],
        "cost_usd": dollars(report.cost_microdollars),
    }


def job_document(report: FilmReport, folder: str, files: Sequence[str]) -> dict[str, Any]:
    """Return one job as the summary of its batch lists it.

    Args:
        report: The film.
        folder: Its folder.
        files: Names of its files.
    """
    film = next((name for name in files if name.startswith("film.")), None)
    return {
        "id": report.key,
        "job": report.job,
        "state": report.state,
        "error": report.error or None,
        "title": report.title,
        "seconds": report.seconds,
        "film": f"{folder}/{film}" if film else None,
        "fallbacks": [one.message for one in report.fallbacks],
        "rating": report.rating,
        "cost_usd": dollars(report.cost_microdollars),
    }
