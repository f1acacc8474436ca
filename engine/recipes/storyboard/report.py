"""One storyboard as it is told to people, read from the store at any moment."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from db.clock import seconds_between
from db.queries import jobs as queries
from db.rows import Batch, Job, Step
from engine.capabilities import Artifact, Comparison, Draft, Likeness, Picture, Shot, ShotReview
from engine.capabilities.base import Plain
from engine.capabilities.writing import Scenes
from engine.recipes.storyboard.editor import EDITOR, Selection
from engine.recipes.storyboard.enhance import Version, Wording, as_decided, own_words, wording
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.loop import OWN_PICTURE, SceneResult, Storyboard
from engine.recipes.storyboard.scenes import Scene, named_scenes, scope_of
from engine.recipes.storyboard.settings import StoryboardSettings


class Round(Plain):
    """One round of writing a scene's prompt, as far as it is.

    Attributes:
        number: Which round, from 1.
        shot: What the Cinematographer wrote.
        writer: Backend and model of that.
        review: What the Prompt Engineer said of it, once it has.
        reviewer: Backend and model of that.
        seconds: Time that both took.
        cost_microdollars: What both have cost.
    """

    number: int
    shot: Shot
    writer: str
    review: ShotReview | None = None
    reviewer: str = ""
    seconds: float = 0.0
    cost_microdollars: int = 0


class VariationReport(Plain):
    """One picture of a scene.

    Attributes:
        number: Which variation, from 1.
        prompt: What it was made from.
        negative_prompt: What was to be kept out.
        seed: What it was asked with.
        backend: Name of the backend.
        model: The model it ran.
        width: Width that was asked for, in pixels.
        height: Height that was asked for, in pixels.
        references: Hashes of the pictures that it follows.
        picture: What was made; None where that failed for good.
        failure: Why it failed.
        cost_microdollars: What it has cost.
    """

    number: int
    prompt: str
    negative_prompt: str
    seed: int
    backend: str
    model: str
    width: int
    height: int
    references: tuple[str, ...] = ()
    picture: Picture | None = None
    failure: str = ""
    cost_microdollars: int = 0


class SceneReport(Plain):
    """One scene, as far as it is.

    Attributes:
        number: Which it is, from 1.
        id: What the operator calls it, empty where it has no name.
        prompt: What is to be seen.
        duration: How long it lasts, in seconds, where that is set.
        notes: What else is to be kept in mind.
        rounds: How its prompt was written.
        wording: What its pictures are made from, once that is settled.
        variations: Its pictures.
        selection: Which of them was taken and why, once one was.
        picture: What was taken.
        reason: Why.
        warnings: What an operator should know, one sentence each.
    """

    number: int
    id: str
    prompt: str
    duration: float | None
    notes: str
    rounds: tuple[Round, ...] = ()
    wording: Wording | None = None
    variations: tuple[VariationReport, ...] = ()
    selection: Selection | None = None
    picture: Artifact | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def quality(self) -> float | None:
        """The quality score of what was taken, 0 to 100."""
        return self.selection.quality if self.selection else None


class StoryboardReport(Plain):
    """One storyboard, finished or running.

    Attributes:
        id: The job's number in the store.
        batch_id: The batch's number in the store.
        batch_name: The batch's name.
        recipe: Name of the recipe.
        generation_id: Name of its folder, which stays the same.
        key: The id that the operator gave it, any text.
        input: What was queued.
        settings: What it runs with.
        state: Where it stands.
        error: Why it failed, in a sentence.
        output: Its folder, relative to the folder of all results, with `/`.
        scenes: Its scenes in order.
        likenesses: How alike the scenes' pictures are.
        notes: What has to be said about the whole, one sentence each.
        started_at: When it began, UTC.
        finished_at: When it ended.
        seconds: Time spent in its steps.
        cost_microdollars: What it has cost.
        calls: How many calls of backends were made.
    """

    id: int
    batch_id: int
    batch_name: str
    recipe: str
    generation_id: str
    key: str
    input: StoryboardInput
    settings: StoryboardSettings
    state: str
    error: str | None = None
    output: str = ""
    scenes: tuple[SceneReport, ...] = ()
    likenesses: tuple[Likeness, ...] = ()
    notes: tuple[str, ...] = ()
    started_at: str | None = None
    finished_at: str | None = None
    seconds: float = 0.0
    cost_microdollars: int = 0
    calls: int = 0

    @property
    def quality(self) -> float | None:
        """The mean quality score of the scenes that have one."""
        known = [scene.quality for scene in self.scenes if scene.quality is not None]
        return round(sum(known) / len(known), 4) if known else None

    @property
    def progress(self) -> int:
        """Percent of the scenes whose picture is chosen; 100 only once all is done."""
        if self.state == "done":
            return 100
        chosen = sum(scene.picture is not None for scene in self.scenes)
        return min(99, round(100 * chosen / len(self.scenes))) if self.scenes else 0


def job_report(connection: sqlite3.Connection, batch: Batch, job: Job) -> StoryboardReport:
    """One job as it is told to people."""
    teller = _Teller(connection, batch, job)
    error = queries.error(connection, job.error_id) if job.error_id else None
    path = PurePath(job.output)
    return StoryboardReport(
        id=job.id,
        batch_id=batch.id,
        batch_name=batch.name,
        recipe=batch.recipe,
        generation_id=path.name,
        key=job.key,
        input=teller.entry,
        settings=teller.settings,
        state=job.state,
        error=error.message if error else None,
        output=(
            path.relative_to(batch.outputs) if path.is_relative_to(batch.outputs) else path
        ).as_posix(),
        scenes=tuple(teller.scenes()),
        likenesses=teller.likenesses(),
        notes=teller.result.notes if teller.result else (),
        started_at=job.started_at,
        finished_at=teller.last_end() if job.state == "done" else job.finished_at,
        seconds=round(sum(_seconds(step) for step in teller.steps.values()), 3),
        cost_microdollars=job.cost,
        calls=sum(s.attempts for s in teller.steps.values() if s.backend != EDITOR.name),
    )


class _Teller:
    """Reads the current steps of one job."""

    def __init__(self, connection: sqlite3.Connection, batch: Batch, job: Job) -> None:
        self.entry = StoryboardInput.model_validate_json(job.input)
        self.settings = StoryboardSettings.model_validate_json(batch.settings)
        self.result = Storyboard.model_validate_json(job.result) if job.result else None
        self._decisions = queries.decisions(connection, job.id)
        self._errors = {error.id: error.message for error in queries.errors(connection, job.id)}
        self.steps: dict[tuple[str, str], Step] = {}
        for step in queries.steps(connection, job.id):
            place = step.scope, step.name.partition("@")[0]  # by whichever way it came
            if step.superseded_at is None and not self._is_done(place):
                self.steps[place] = step

    def _is_done(self, place: tuple[str, str]) -> bool:
        known = self.steps.get(place)
        return known is not None and known.state == "done"

    def _done(self, scope: str, name: str) -> Step | None:
        step = self.steps.get((scope, name))
        return step if step and step.state == "done" and step.result else None

    def last_end(self) -> str | None:
        """When the last step ended: known before the job's own end is, and the same after it."""
        return max((s.finished_at for s in self.steps.values() if s.finished_at), default=None)

    def scenes(self) -> Iterator[SceneReport]:
        """The scenes in order, as many as there are to be."""
        split = self._done("", "scenes")
        written = Scenes.model_validate_json(split.result or "").scenes if split else ()
        if not self.entry.scenes and not written:
            return
        for scene in named_scenes(self.entry, written):
            yield self._scene(scene)

    def likenesses(self) -> tuple[Likeness, ...]:
        """How alike the chosen pictures are."""
        step = self._done("", "compare")
        return Comparison.model_validate_json(step.result or "").likenesses if step else ()

    def _scene(self, scene: Scene) -> SceneReport:
        told = self._told(scene.number)
        rounds = tuple(self._rounds(scene.number))
        made = self._done(scope_of(scene.number), "select")
        selection = Selection.model_validate_json(made.result or "") if made else None
        own = self.entry.reference_image if self._is_given(scene) else None
        planned = scene.planned
        return SceneReport(
            number=scene.number,
            id=scene.id,
            prompt=planned.prompt,
            duration=planned.duration,
            notes=planned.notes,
            rounds=rounds,
            wording=told.wording if told else self._wording(scene, rounds),
            variations=tuple(self._variations(scene.number)),
            selection=selection,
            picture=selection.picture if selection else own,
            reason=selection.reason if selection else OWN_PICTURE if own else "",
            warnings=told.warnings if told else selection.warnings if selection else (),
        )

    def _told(self, number: int) -> SceneResult | None:
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

    def _wording(self, scene: Scene, rounds: tuple[Round, ...]) -> Wording | None:
        """What pictures are made from, once they are being made."""
        if self._is_given(scene) or not self.settings.rounds:
            return own_words(self.entry.film, scene.planned)
        first = next(self._variations(scene.number), None)
        versions = [
            Version(
                iteration=one.number,
                draft=Draft(prompt=one.shot.prompt, review=one.review),
                negative_prompt=one.shot.negative_prompt,
            )
            for one in rounds
            if one.review
        ]
        if first is None or not versions:
            return None
        found = wording(versions, self.entry.film, scene.planned)
        return as_decided(found, str(self._decisions.get(f"{scope_of(scene.number)}/prompt", "")))

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
                picture=Picture.model_validate_json(step.result) if step.result else None,
                failure=self._errors.get(step.error_id or 0, "") if not step.result else "",
                cost_microdollars=step.cost,
            )


def _seconds(step: Step) -> float:
    return seconds_between(step.started_at, step.finished_at) or 0.0
