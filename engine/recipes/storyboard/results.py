"""Results of a storyboard: its scenes, their clips, and the films of them."""

from pydantic import AliasChoices, Field

from engine.contract import Artifact, Similarity
from engine.contract.backend import FrozenModel
from engine.recipes.storyboard.prompt_loop import ScenePrompt

_FORMER_IMAGE = "picture"
"""Key of `SceneResult.image` in results of earlier releases."""

OPERATORS_IMAGE = "The operator's own image is scene 1; nothing was generated for it."


class SceneResult(FrozenModel):
    """Result of one scene.

    Attributes:
        number: Which it is, from 1.
        id: What the operator calls it, empty if it has no name.
        prompt: What was to be seen.
        duration: How long it lasts, in seconds, where that is set.
        notes: What else was to be kept in mind.
        subjects: Names of the subjects that it shows.
        wording: Prompt of its images.
        references: The images that it follows.
        image: The image that was taken.
        variation: Which variation that is; None if it is the operator's own image.
        quality: Its quality score, 0 to 100, if it has one.
        scorers: Who gave that, in order.
        reason: Why it was taken.
        warnings: What an operator should know, one sentence each.
    """

    number: int
    id: str
    prompt: str
    duration: float | None
    notes: str
    subjects: tuple[str, ...] = ()
    wording: ScenePrompt
    references: tuple[Artifact, ...]
    image: Artifact = Field(validation_alias=AliasChoices("image", _FORMER_IMAGE))
    variation: int | None
    quality: float | None
    scorers: tuple[str, ...] = ()
    reason: str
    warnings: tuple[str, ...] = ()


class SceneClip(FrozenModel):
    """A clip of a scene.

    Attributes:
        scene: Number of the scene.
        number: Its number within the scene, from 1.
        start: Time in the film at which it is shown, in seconds.
        end: Time at which something else follows.
        video: The clip.
    """

    scene: int
    number: int
    start: float
    end: float
    video: Artifact


class SceneClips(FrozenModel):
    """The clips of a scene, or the reason why there are not all of them.

    Attributes:
        scene: Number of the scene.
        clips: Its clips in order.
        problem: Why there are not all of them, a sentence; empty if there are.
    """

    scene: int
    clips: tuple[SceneClip, ...] = ()
    problem: str = ""


class SubjectLikeness(FrozenModel):
    """Similarity of a subject in the scenes that show it, by one measure.

    Attributes:
        subject: Its name.
        measure: Name of the measure.
        method: How it is measured: model, with its version.
        higher_is_more_similar: Whether a greater number means more alike.
        to: What it is compared with: `entry` for its own images, or the first scene that shows it.
        scenes: Numbers of the scenes that are compared with that.
        values: A number for each of them.
        mean: Their mean.
        elsewhere: The same of scenes that do not show it; None without any.
    """

    subject: str
    measure: str
    method: str
    higher_is_more_similar: bool
    to: str
    scenes: tuple[int, ...]
    values: tuple[float, ...]
    mean: float
    elsewhere: float | None = None


class Storyboard(FrozenModel):
    """A consistent set of images, one a scene.

    Attributes:
        scenes: The scenes in order.
        likenesses: How alike their images are, by each measure.
        subjects: How alike each subject looks, where that is measured.
        clips: The clips of the scenes, if a video backend is named.
        film: The film of the clips; None without any.
        animatic: The film of the images; None if it is switched off or cannot be had.
        notes: What has to be said about the whole, one sentence each.
    """

    scenes: tuple[SceneResult, ...]
    likenesses: tuple[Similarity, ...] = ()
    subjects: tuple[SubjectLikeness, ...] = ()
    clips: tuple[SceneClips, ...] = ()
    film: Artifact | None = None
    animatic: Artifact | None = None
    notes: tuple[str, ...] = ()

    @property
    def quality(self) -> float | None:
        """The mean quality score of the scenes that have one."""
        known = [scene.quality for scene in self.scenes if scene.quality is not None]
        return round(sum(known) / len(known), 4) if known else None
