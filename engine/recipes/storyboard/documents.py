"""The contents of the files that tell of a storyboard, as plain data and as text.

Every field is described in `docs/storyboard.md`; change both together.
"""

from itertools import pairwise
from statistics import fmean
from typing import Any

from engine.contract import Artifact, Similarity
from engine.kinds.file_names import suffix_of
from engine.recipes.common.documents import VERSION
from engine.recipes.storyboard.film import CRITERIA, Subject, key_of
from engine.recipes.storyboard.guide_names import status_of
from engine.recipes.storyboard.report import ClipReport, Round, SceneReport, StoryboardReport
from engine.recipes.storyboard.steps import ShotReferences
from engine.text.amounts import dollars


def storyboard_document(report: StoryboardReport, *, traces: bool) -> dict[str, Any]:
    """The content of `storyboard.json`.

    Args:
        report: The storyboard.
        traces: Whether its traces are there.
    """
    settings = report.settings
    is_advanced = settings.rounds > 0 or settings.variations > 1
    return {
        "version": VERSION,
        "generation_id": report.generation_id,
        "status": status_of(report.state),
        "state": report.state,
        "progress": report.progress,
        "advanced_image_generation_used": is_advanced,
        "id": report.key,
        "job": report.id,
        "batch": {"id": report.batch_id, "name": report.batch_name},
        "error": report.error,
        "brief": report.input.prompt,
        "target_duration": report.input.target_duration,
        "brand": report.input.brand.model_dump(mode="json"),
        "consistency": list(report.input.consistency),
        "storyboard_plan": {
            "advanced_image_generation_used": is_advanced,
            "advanced_image_settings": {
                "quality_threshold": settings.threshold,
                "num_variations": settings.variations,
                "max_enhancement_iterations": settings.rounds,
                "score_threshold": settings.score_threshold,
                "combination": settings.combination,
                "reference_strategy": settings.reference_strategy,
            },
            "subjects": [_subject(one, report) for one in _subjects(report)],
            "scenes": [_scene(scene, report, traces=traces) for scene in report.scenes],
        },
        "quality_score": report.quality,
        "likeness": [_likeness(likeness) for likeness in report.likenesses],
        "subject_likeness": [one.model_dump(mode="json") for one in report.subjects],
        "notes": list(report.notes),
        "rating": report.rating,
        "contact_sheet": CONTACT_SHEET if _has_images(report) else None,
        **{
            stem: film_name(stem, film) if film else None
            for stem, film in (("film", report.film), ("animatic", report.animatic))
        },
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "seconds": report.seconds,
        "calls": report.calls,
        "cost_usd": dollars(report.cost_microdollars),
    }


CONTACT_SHEET = "contact_sheet.png"


def chosen_name(scene: SceneReport) -> str:
    """The name of the image that was taken for a scene."""
    return scene.file or f"scene_{scene.number}.png"


def folder_name(number: int) -> str:
    """The name of the folder of a scene's traces."""
    return f"scene_{number}"


def image_name(scene: SceneReport, variation: int) -> str:
    """The name of a variation's image among the traces."""
    files = (one.file for one in scene.variations if one.number == variation)
    ending = scene.file.rpartition(".")[2] if scene.file and not scene.variations else "png"
    return next(files, "") or f"image_{variation}.{ending}"


def _has_images(report: StoryboardReport) -> bool:
    return any(scene.image is not None for scene in report.scenes)


def film_name(stem: str, film: Artifact) -> str:
    """The name of the file of a film."""
    return stem + suffix_of(film.kind, film.media_type)


def _scene(scene: SceneReport, report: StoryboardReport, *, traces: bool) -> dict[str, Any]:
    words, selection = scene.wording, scene.selection
    chosen = next((v for v in scene.variations if selection and v.number == selection.chosen), None)
    return {
        "scene_number": scene.number,
        "scene_id": scene.id or None,
        "prompt": words.prompt if words else scene.prompt,
        "original_prompt": scene.prompt,
        "negative_prompt": words.negative_prompt if words else "",
        "prompt_source": words.source if words else None,
        "prompt_score": words.score if words else None,
        "duration": scene.duration,
        "notes": scene.notes,
        "subjects": [one.name for one in scene.subjects],
        "reference_image_url": chosen_name(scene) if scene.image else None,
        "artifact": scene.image.hash if scene.image else None,
        "quality_score": scene.quality,
        "variation": selection.chosen if selection else None,
        "seed": chosen.seed if chosen else None,
        "follows": list(chosen.references) if chosen else [],
        "references": _references(scene.references),
        "reason": scene.reason,
        "warnings": list(scene.warnings),
        "clips": [_clip(one) for one in report.clips if one.scene == scene.number],
        "traces": folder_name(scene.number) if traces else None,
    }


def _clip(clip: ClipReport) -> dict[str, Any]:
    return {
        "file": clip.file or None,
        "artifact": clip.video.hash if clip.video else None,
        "prompt": clip.prompt,
        "seed": clip.seed,
        "seconds": clip.seconds,
        "first_image": clip.first_image or None,
        "last_image": clip.last_image or None,
        "backend": clip.backend,
        "model": clip.model,
        "error": clip.failure or None,
        "cost_usd": dollars(clip.cost_microdollars),
    }


def _subjects(report: StoryboardReport) -> list[Subject]:
    """Return the subjects of a storyboard: those of the entry, then those that scenes show."""
    every = [
        *report.input.film.subjects,
        *(one for scene in report.scenes for one in scene.subjects),
    ]
    described = {key_of(one.name): one for one in every}
    return list(described.values())


def _subject(subject: Subject, report: StoryboardReport) -> dict[str, Any]:
    key = key_of(subject.name)
    images = (one.references for one in report.input.subjects if key_of(one.name) == key)
    return {
        "name": subject.name,
        "kind": subject.kind,
        "description": subject.description,
        "scenes": [
            scene.number
            for scene in report.scenes
            if key in (key_of(one.name) for one in scene.subjects)
        ],
        "references": [image.hash for image in next(images, ())],
    }


def _references(frozen: ShotReferences | None) -> list[dict[str, Any]]:
    """Return the images that a shot follows, then those that it does not, with the reasons."""
    if frozen is None:
        return []
    pairs = [(one, True) for one in frozen.references] + [(one, False) for one in frozen.left_out]
    return [
        {
            "followed": is_followed,
            "artifact": one.image.hash,
            "subject": one.subject or None,
            "scene": one.scene or None,
            "reason": one.reason,
        }
        for one, is_followed in pairs
    ]


def _likeness(likeness: Similarity) -> dict[str, Any]:
    values = likeness.values
    steps = [round(values[a][b], 4) for a, b in pairwise(range(len(values)))]
    return {
        "measure": likeness.measure,
        "method": likeness.method,
        "higher_is_more_similar": likeness.higher_is_more_similar,
        "to_scene_before": [None, *steps],
        "to_first_scene": [None, *(round(row[0], 4) for row in values[1:])],
        "mean_of_neighbours": round(fmean(steps), 4) if steps else None,
    }


def quality_scores(report: StoryboardReport, scene: SceneReport) -> dict[str, Any]:
    """The content of `quality_scores.json`, of a scene whose image was chosen."""
    selection = scene.selection
    if selection is None:
        raise ValueError(f"no image was chosen for scene {scene.number}")
    variations = {variation.number: variation for variation in scene.variations}
    weights = {weight.metric: weight for weight in selection.ranking.weights}
    return {
        "version": VERSION,
        "generation_id": report.generation_id,
        "scene_number": scene.number,
        "combination": selection.ranking.combination,
        "quality_threshold": report.settings.threshold,
        "brief": scene.prompt,
        "scorers": [
            {
                "metric": weight.metric,
                "scorer": weight.scorer,
                "nominal_weight": round(weight.nominal, 4),
                "effective_weight": weight.effective,
                "was_given": weight.text,
                "text_was_cut": weight.cut,
            }
            for weight in weights.values()
        ],
        "variations": [
            {
                "variation": number,
                "seed": variations[number].seed if number in variations else None,
                "file": image_name(scene, number),
                "artifact": one.image.hash,
                "overall": one.overall,
                "quality": one.quality,
                "rank": one.rank,
                "selected": number == selection.chosen,
                "scores": {
                    mark.metric: {
                        "raw": mark.raw,
                        "value": mark.value,
                        "scorer": weights[mark.metric].scorer,
                        **({"note": mark.note} if mark.note else {}),
                    }
                    for mark in one.marks
                },
            }
            for number, one in zip(selection.numbers, selection.ranking.images, strict=True)
        ],
        "failed": [
            {"variation": variation.number, "seed": variation.seed, "reason": variation.failure}
            for variation in scene.variations
            if variation.image is None
        ],
        "selected": selection.chosen,
        "reason": selection.reason,
        "warnings": list(selection.warnings),
        "notes": list(selection.ranking.notes),
    }


def trace_summary(report: StoryboardReport, scene: SceneReport) -> dict[str, Any]:
    """The content of `prompt_trace_summary.json`."""
    words = scene.wording
    return {
        "version": VERSION,
        "generation_id": report.generation_id,
        "scene_number": scene.number,
        "scene_id": scene.id or None,
        "original_prompt": scene.prompt,
        "notes": scene.notes,
        "score_threshold": report.settings.score_threshold,
        "iterations": [_round(one) for one in scene.rounds],
        "final_prompt": words.prompt if words else None,
        "final_negative_prompt": words.negative_prompt if words else None,
        "final_source": words.source if words else None,
        "final_score": words.score if words else None,
        "warnings": list(words.notes) if words else [],
    }


def _round(one: Round) -> dict[str, Any]:
    review = one.review
    return {
        "iteration": one.number,
        "prompt": one.shot.prompt,
        "negative_prompt": one.shot.negative_prompt,
        "reason": one.shot.reason,
        "author": one.shot.author,
        "writer": one.writer,
        "overall": review.overall if review else None,
        "scores": {name: getattr(review, name) for name in CRITERIA} if review else None,
        "critique": review.critique if review else None,
        "suggestions": list(review.suggestions) if review else [],
        "scorer": review.scorer if review else None,
        "reviewer": one.reviewer or None,
        "seconds": one.seconds,
        "cost_usd": dollars(one.cost_microdollars),
    }
