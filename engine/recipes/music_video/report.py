"""One film as its files and reports show it."""

from typing import Any

from engine.contract.backend import Artifact, FrozenModel
from engine.contract.tiers import Spent
from engine.recipes.music_video.fallback import Fallback


class ImageReport(FrozenModel):
    """A keyframe that has been generated and graded.

    Attributes:
        section: Number of its section, from 1.
        view: Its number within the section, from 1.
        prompt: Prompt that it was generated with.
        seed: Seed; None if its backend has none.
        image: The image as it is shown.
        backend: Backend that generated it.
        model: Its model.
        palette_before: Distance to the palette before grading.
        palette_after: The same after it.
    """

    section: int
    view: int
    prompt: str
    seed: int | None
    image: Artifact
    backend: str
    model: str
    palette_before: float | None = None
    palette_after: float | None = None


class FilmReport(FrozenModel):
    """A film: done, under way, or failed with an error.

    Attributes:
        key: Its id within the batch.
        state: State of its job.
        title: Title of the song.
        artist: Its artist.
        seconds: Length of the song; None before it is analysed.
        spec: The render spec; empty before there is one.
        images: Its images, by section and view.
        fallbacks: Sections that are not as planned.
        film: The film; None before it is done.
        preview: A small one.
        files: Other files by the names that they have in the folder.
        error: Reason why there is none, as a sentence; empty if nothing failed.
        batch: Name of its batch.
        job: Number of its job.
        cost_microdollars: Cost of its calls.
        spent: Costs of its tiers, of the steps that still count.
        rating: Ratings by the operator, as `db.queries.ratings.rating_document` words them.
    """

    key: str
    state: str
    title: str
    artist: str = ""
    seconds: float | None = None
    spec: dict[str, Any]
    images: tuple[ImageReport, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()
    film: Artifact | None = None
    preview: Artifact | None = None
    files: dict[str, Artifact]
    error: str = ""
    batch: str
    job: int
    cost_microdollars: int = 0
    spent: tuple[Spent, ...] = ()
    rating: dict[str, Any] | None = None
