"""Report of a storyboard: plain data, independent of the store.

Times are UTC in ISO 8601, durations are seconds, costs are integer millionths of a US dollar.
"""

from typing import Any

from engine.contract import Artifact, GeneratedImage, Similarity
from engine.contract.backend import FrozenModel
from engine.recipes.storyboard.agents.cinematographer import Shot
from engine.recipes.storyboard.film import ShotReview, Subject
from engine.recipes.storyboard.input import StoryboardInput
from engine.recipes.storyboard.prompt_loop import ScenePrompt
from engine.recipes.storyboard.results import SubjectLikeness
from engine.recipes.storyboard.selection import Selection
from engine.recipes.storyboard.settings import StoryboardSettings
from engine.recipes.storyboard.steps import ShotReferences


class Round(FrozenModel):
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


class VariationReport(FrozenModel):
    """One image of a scene.

    Attributes:
        number: Which variation, from 1.
        prompt: Its prompt.
        negative_prompt: What was to be kept out.
        seed: What it was asked with.
        backend: Name of the backend.
        model: The model it ran.
        width: Width that was asked for, in pixels.
        height: Height that was asked for, in pixels.
        references: Hashes of the images that it follows.
        image: The image; None if its generation failed for good.
        failure: Why it failed.
        cost_microdollars: What it has cost.
        file: Name of the image's file among the traces, empty for the usual one.
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
    image: GeneratedImage | None = None
    failure: str = ""
    cost_microdollars: int = 0
    file: str = ""


class SceneReport(FrozenModel):
    """One scene, as far as it is.

    Attributes:
        number: Which it is, from 1.
        id: What the operator calls it, empty if it has no name.
        prompt: What is to be seen.
        duration: How long it lasts, in seconds, where that is set.
        notes: What else is to be kept in mind.
        subjects: The subjects that it shows.
        references: The images that it follows, and those that it does not, with the reasons.
        rounds: How its prompt was written.
        wording: Prompt of its images, once that is settled.
        variations: Its images.
        selection: Which of them was taken and why, once one was.
        image: What was taken.
        reason: Why.
        warnings: What an operator should know, one sentence each.
        file: Name of the file of what was taken, empty for the usual one.
    """

    number: int
    id: str
    prompt: str
    duration: float | None
    notes: str
    subjects: tuple[Subject, ...] = ()
    references: ShotReferences | None = None
    rounds: tuple[Round, ...] = ()
    wording: ScenePrompt | None = None
    variations: tuple[VariationReport, ...] = ()
    selection: Selection | None = None
    image: Artifact | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    file: str = ""

    @property
    def quality(self) -> float | None:
        """The quality score of what was taken, 0 to 100."""
        return self.selection.quality if self.selection else None


class ClipReport(FrozenModel):
    """A clip of a scene.

    Attributes:
        scene: Number of the scene.
        number: Its number within the scene, from 1.
        prompt: Its prompt.
        seconds: Length that was asked for.
        seed: What it was asked with.
        backend: Name of the backend.
        model: The model it ran.
        first_image: Hash of the image that it starts with; empty for none.
        last_image: Hash of the image that it ends with; empty for none.
        video: The clip; None if its generation failed for good.
        failure: Why it failed.
        cost_microdollars: What it has cost.
        file: Name of its file.
    """

    scene: int
    number: int
    prompt: str
    seconds: float
    seed: int
    backend: str
    model: str
    first_image: str = ""
    last_image: str = ""
    video: Artifact | None = None
    failure: str = ""
    cost_microdollars: int = 0
    file: str = ""


class StoryboardReport(FrozenModel):
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
        likenesses: How alike the scenes' images are.
        subjects: How alike each subject looks in the scenes that show it.
        clips: The clips of the scenes, in order.
        film: The film of the clips.
        animatic: The film of the images.
        notes: What has to be said about the whole, one sentence each.
        started_at: When it began, UTC.
        finished_at: When it ended.
        seconds: Time spent in its steps.
        cost_microdollars: What it has cost.
        calls: Number of calls to backends.
        rating: Ratings by the operator, as `db.queries.ratings.rating_document` words them.
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
    likenesses: tuple[Similarity, ...] = ()
    subjects: tuple[SubjectLikeness, ...] = ()
    clips: tuple[ClipReport, ...] = ()
    film: Artifact | None = None
    animatic: Artifact | None = None
    notes: tuple[str, ...] = ()
    started_at: str | None = None
    finished_at: str | None = None
    seconds: float = 0.0
    cost_microdollars: int = 0
    calls: int = 0
    rating: dict[str, Any] | None = None

    @property
    def quality(self) -> float | None:
        """The mean quality score of the scenes that have one."""
        known = [scene.quality for scene in self.scenes if scene.quality is not None]
        return round(sum(known) / len(known), 4) if known else None

    @property
    def progress(self) -> int:
        """Percent of the scenes whose image is chosen; 100 only once all is done."""
        if self.state == "done":
            return 100
        chosen = sum(scene.image is not None for scene in self.scenes)
        return min(99, round(100 * chosen / len(self.scenes))) if self.scenes else 0
