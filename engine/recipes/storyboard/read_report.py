"""One storyboard read from the store at any moment, whether it is done, running or failed."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from db.clock import seconds_between
from db.queries import jobs as queries
from db.queries.batches import batch_of
from db.queries.ratings import rating_document
from db.rows import BatchRow, JobRow, StepRow
from engine.contract import Artifact, Comparison, GeneratedImage, Similarity
from engine.contract.decisions import newest_fitting
from engine.contract.video import GeneratedVideo, VideoRequest
from engine.kinds.file_names import suffix_of
from engine.recipes.common.films import JOIN, RenderedFilm
from engine.recipes.storyboard.agents.cinematographer import Shot
from engine.recipes.storyboard.agents.scene_writer import Scenes
from engine.recipes.storyboard.clips import GENERATE
from engine.recipes.storyboard.cut import ANIMATIC, FILM, Animatic
from engine.recipes.storyboard.film import Draft, ShotReview
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.prompt_loop import (
    PromptDraft,
    ScenePrompt,
    as_decided,
    own_words,
    wording,
)
from engine.recipes.storyboard.references import REFERENCES
from engine.recipes.storyboard.report import (
    ClipReport,
    Round,
    SceneReport,
    StoryboardReport,
    VariationReport,
)
from engine.recipes.storyboard.results import OPERATORS_IMAGE, SceneResult, Storyboard
from engine.recipes.storyboard.scenes import (
    BY_RULE,
    SCENES,
    SUBJECTS,
    Scene,
    named_scenes,
    recast,
    scope_of,
    whole_film,
)
from engine.recipes.storyboard.selection import Selection
from engine.recipes.storyboard.settings import StoryboardSettings
from engine.recipes.storyboard.steps import ShotReferences


def job_report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> StoryboardReport:
    """Report of one job."""
    reader = _ReportReader(connection, batch, job)
    error = queries.error(connection, job.error_id) if job.error_id else None
    path, scenes = PurePath(job.output), tuple(reader.scenes())
    return StoryboardReport(
        id=job.id,
        batch_id=batch.id,
        batch_name=batch.name,
        recipe=batch.recipe,
        generation_id=path.name,
        key=job.key,
        input=reader.entry,
        settings=reader.settings,
        state=job.state,
        error=error.message if error else None,
        output=(
            path.relative_to(batch.outputs) if path.is_relative_to(batch.outputs) else path
        ).as_posix(),
        scenes=scenes,
        likenesses=reader.likenesses(scenes),
        subjects=reader.result.subjects if reader.result else (),
        clips=tuple(reader.clips(scenes)),
        film=reader.film(),
        animatic=reader.animatic(scenes),
        notes=reader.result.notes if reader.result else (),
        started_at=job.started_at,
        finished_at=reader.last_end() if job.state == "done" else job.finished_at,
        seconds=round(sum(_seconds(step) for step in reader.steps.values()), 3),
        cost_microdollars=job.cost,
        calls=sum(s.attempts for s in reader.steps.values() if s.backend != batch.recipe),
        rating=rating_document(connection, job.id),
    )


class _ReportReader:
    """Reads the current steps of one job."""

    def __init__(self, connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> None:
        self.entry = StoryboardInput.model_validate_json(job.input)
        batch = batch_of(connection, batch, job.variant)
        self.settings = self.entry.over(StoryboardSettings.model_validate_json(batch.settings))
        self.result = Storyboard.model_validate_json(job.result) if job.result else None
        self._decisions = queries.decisions(connection, [job.id])[job.id]
        self._errors = {error.id: error.message for error in queries.errors(connection, job.id)}
        self.steps = queries.current_steps(connection, job.id)

    def _done(self, scope: str, name: str) -> StepRow | None:
        step = self.steps.get((scope, name))
        return step if step and step.state == "done" and step.result else None

    def last_end(self) -> str | None:
        """When the last step ended: known before the job's own end is, and the same after it."""
        return max((s.finished_at for s in self.steps.values() if s.finished_at), default=None)

    def scenes(self) -> Iterator[SceneReport]:
        """Return all planned scenes in order.

        Images are generated in this order, so those after a scene without a choice are left
        out: they belong to a run that a decision or a retry has overtaken.
        """
        written = self._written()
        film, reached = whole_film(self.entry, written), True
        for scene in named_scenes(self.entry, written):
            decided = self._decision(f"{scope_of(scene.number)}/{SUBJECTS}")
            report = self._scene(recast(scene, film, decided), reached=reached)
            yield report
            reached = report.image is not None

    def _written(self) -> Scenes | None:
        """Return what the brief was split into, once it is."""
        if self.entry.scenes:
            return None
        split = self._done("", SCENES) or self._done("", BY_RULE)
        return Scenes.model_validate_json(split.result or "") if split else None

    def _decision(self, key: str) -> str:
        """Return the newest text that an operator has decided, empty for none."""
        return newest_fitting(self._decisions.get(key, ()), "", None)[0]

    def likenesses(self, scenes: Sequence[SceneReport]) -> tuple[Similarity, ...]:
        """Similarity of the chosen images, unless it compared others than these."""
        step = self._done("", "compare")
        if step is None:
            return ()
        if _images_in(step) != [scene.image.hash if scene.image else "" for scene in scenes]:
            return ()
        return Comparison.model_validate_json(step.result or "").likenesses

    def film(self) -> Artifact | None:
        """The film of the clips, unless a decision has overtaken it."""
        step = self._done(FILM, JOIN) if self.result else None
        return RenderedFilm.model_validate_json(step.result or "").video if step else None

    def animatic(self, scenes: Sequence[SceneReport]) -> Artifact | None:
        """The film of the chosen images, unless it shows others than these."""
        step = self._done("", ANIMATIC)
        if step is None or _images_in(step) != [s.image.hash if s.image else "" for s in scenes]:
            return None
        return Animatic.model_validate_json(step.result or "").video

    def clips(self, scenes: Sequence[SceneReport]) -> Iterator[ClipReport]:
        """The clips of the scenes whose images are those that they start with."""
        pattern = re.compile(r"scene-([0-9]+)/clip-([0-9]+)")
        images = {one.number: one.image.hash for one in scenes if one.image}
        places = [(pattern.fullmatch(scope), name) for scope, name in self.steps]
        numbers = [tuple(map(int, m.groups())) for m, name in places if m and name == GENERATE]
        current = set[int]()
        for scene, number in sorted(numbers):
            step = self.steps[f"{scope_of(scene)}/clip-{number}", GENERATE]
            clip = self._clip(scene, number, step)
            if number == 1 and clip.first_image in {"", images.get(scene)}:
                current.add(scene)
            if scene in current and step.state in {"done", "failed"}:
                yield clip

    def _clip(self, scene: int, number: int, step: StepRow) -> ClipReport:
        request = VideoRequest.model_validate_json(step.request)
        result = GeneratedVideo.model_validate_json(step.result) if step.result else None
        stem = f"scene_{scene}" if number == 1 else f"scene_{scene}_{number}"
        video = result.video if result else None
        return ClipReport(
            scene=scene,
            number=number,
            prompt=request.prompt,
            seconds=request.seconds,
            seed=request.seed,
            backend=step.backend,
            model=step.model,
            first_image=request.first_image.hash if request.first_image else "",
            last_image=request.last_image.hash if request.last_image else "",
            video=video,
            failure="" if video else self._errors.get(step.error_id or 0, ""),
            cost_microdollars=step.cost,
            file=stem + suffix_of(video.kind, video.media_type) if video else "",
        )

    def _scene(self, scene: Scene, *, reached: bool) -> SceneReport:
        result = self._result_of(scene.number)
        rounds = tuple(self._rounds(scene.number))
        variations = tuple(self._variations(scene.number)) if reached else ()
        selection = self._selection(scene.number, variations)
        own_image = self.entry.reference_image if self._is_given(scene) else None
        planned = scene.planned
        return SceneReport(
            number=scene.number,
            id=scene.id,
            prompt=planned.prompt,
            duration=planned.duration,
            notes=planned.notes,
            subjects=scene.subjects,
            references=self._references(scene.number) if reached else None,
            rounds=rounds,
            wording=result.wording if result else self._wording(scene, rounds, variations),
            variations=variations,
            selection=selection,
            image=selection.image if selection else own_image,
            reason=selection.reason if selection else OPERATORS_IMAGE if own_image else "",
            warnings=result.warnings if result else selection.warnings if selection else (),
        )

    def _selection(self, number: int, variations: Sequence[VariationReport]) -> Selection | None:
        """Selection, unless its candidates have changed since."""
        step = self._done(scope_of(number), "select")
        if step is None:
            return None
        selection = Selection.model_validate_json(step.result or "")
        there = {one.image.image.hash for one in variations if one.image}
        chosen_from = {one.image.hash for one in selection.ranking.images}
        return selection if chosen_from <= there else None

    def _references(self, number: int) -> ShotReferences | None:
        step = self._done(scope_of(number), REFERENCES)
        return ShotReferences.model_validate_json(step.result or "") if step else None

    def _result_of(self, number: int) -> SceneResult | None:
        scenes = self.result.scenes if self.result else ()
        return next((scene for scene in scenes if scene.number == number), None)

    def _is_given(self, scene: Scene) -> bool:
        return (
            scene.number == 1
            and self.entry.reference_image is not None
            and self.settings.reference_mode == "first_scene"
        )

    def _rounds(self, number: int) -> Iterator[Round]:
        for turn in range(1, self.settings.rounds + 1):
            scope = f"{scope_of(number)}/iteration-{turn}"
            wrote, judged = self._done(scope, "write"), self._done(scope, "review")
            if wrote is None:
                return
            both = [step for step in (wrote, judged) if step]
            yield Round(
                number=turn,
                shot=Shot.model_validate_json(wrote.result or ""),
                writer=f"{wrote.backend} {wrote.model}".strip(),
                review=ShotReview.model_validate_json(judged.result or "") if judged else None,
                reviewer=f"{judged.backend} {judged.model}".strip() if judged else "",
                seconds=round(sum(map(_seconds, both)), 3),
                cost_microdollars=sum(step.cost for step in both),
            )

    def _wording(
        self, scene: Scene, rounds: Sequence[Round], variations: Sequence[VariationReport]
    ) -> ScenePrompt | None:
        """Prompt of the images, once their generation has started."""
        if self._is_given(scene):
            return own_words(scene)
        versions = [
            PromptDraft(
                iteration=one.number,
                draft=Draft(prompt=one.shot.prompt, review=one.review),
                negative_prompt=one.shot.negative_prompt,
            )
            for one in rounds
            if one.review
        ]
        if self.settings.rounds and not (variations and versions):
            return None
        words = wording(versions, scene)
        return as_decided(words, self._decision(f"{scope_of(scene.number)}/prompt"))

    def _variations(self, number: int) -> Iterator[VariationReport]:
        most = self.settings.variations * (self.settings.most_regenerations + 1)
        for variation in range(1, most + 1):
            step = self.steps.get((f"{scope_of(number)}/variation-{variation}", "generate"))
            if step is None or step.state not in {"done", "failed"}:
                continue
            request: Mapping[str, Any] = json.loads(step.request)
            further = [one["hash"] for one in request.get("more_references", ())]
            first = [request["reference"]["hash"]] if request.get("reference") else []
            yield VariationReport(
                number=variation,
                prompt=request["prompt"],
                negative_prompt=request["negative_prompt"],
                seed=request["seed"],
                backend=step.backend,
                model=step.model,
                width=request["width"],
                height=request["height"],
                references=(*first, *further),
                image=GeneratedImage.model_validate_json(step.result) if step.result else None,
                failure=self._errors.get(step.error_id or 0, "") if not step.result else "",
                cost_microdollars=step.cost,
            )


def _images_in(step: StepRow) -> list[str]:
    """Return the hashes of the images in a step's request."""
    return [image["hash"] for image in json.loads(step.request)["images"]]


def _seconds(step: StepRow) -> float:
    return seconds_between(step.started_at, step.finished_at) or 0.0
