"""Backends of storyboards for crashes: paid images and paid writing, free scores."""

from pathlib import Path
from typing import Any

from engine.contract import (
    Backend,
    CallContext,
    CompareRequest,
    Comparison,
    ImageScore,
    ScoreRequest,
    ScorerScores,
    ScoreTable,
    Similarity,
)
from engine.contract.video import GeneratedVideo, VideoRequest
from engine.recipes.storyboard.agents.cinematographer import Shot, ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import ReviewRequest
from engine.recipes.storyboard.agents.scene_writer import Scenes, ScenesRequest
from engine.recipes.storyboard.film import PlannedScene, ShotReview
from tests.support.agents import ByOperation
from tests.support.chaos_recipe import PRICE, Base, Painter
from tests.support.clips import clip
from tests.support.films import digest, png_of


class FilmPainter(Painter):
    """Submits and polls; its images are images."""

    def draw(self, prompt: str, answer: str) -> bytes:
        number = digest(prompt, answer)
        return png_of((number & 255, number >> 8 & 255, number >> 16 & 255))


class FilmClips(Painter):
    """Submits and polls for clips of one second and one colour."""

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        first = request.first_image.hash if request.first_image else ""
        number = digest(await self.bought(f"{request.prompt}/{first[:12]}", context))
        colour = (number & 255, number >> 8 & 255, number >> 16 & 255)
        data = clip(request.seconds, (request.width, request.height), colour)
        return GeneratedVideo(video=await context.keep(data, kind="video"), seed=request.seed)


class FilmWriter(ByOperation, Base):
    """Pays in a single call for everything that it writes."""

    async def answer(self, what: str, context: CallContext) -> str:
        """Reply of the provider to a request."""
        found = await self.ask("POST", "/call", prompt=what)
        context.cost(PRICE)
        return str(found["answer"])[:6]

    async def write_scenes(self, request: ScenesRequest, context: CallContext) -> Scenes:
        said = await self.answer(f"scenes/{request.film.brief}", context)
        scenes = [PlannedScene(prompt=f"{said} {n}") for n in range(request.count)]
        return Scenes(scenes=tuple(scenes), author="film")

    async def write_shot(self, request: ShotRequest, context: CallContext) -> Shot:
        what = f"shot/{request.film.brief}/{request.scene.prompt}/{len(request.drafts)}"
        said = await self.answer(what, context)
        return Shot(prompt=f"{request.scene.prompt} {said}", reason="so", author="film")

    async def review_shot(self, request: ReviewRequest, context: CallContext) -> ShotReview:
        said = await self.answer(f"review/{request.film.brief}/{request.prompt}", context)
        score = float(digest(said) % 80)
        return ShotReview(
            completeness=score,
            specificity=score,
            professionalism=score,
            cinematography=score,
            brand_alignment=score,
            overall=score,
            critique=said,
            scorer="film",
        )


class FilmJury(Base):
    """Costs nothing."""

    async def score(self, request: ScoreRequest, context: CallContext) -> ScoreTable:
        found = [sum(await context.read(image)) % 101 for image in request.images]
        marks = tuple(ImageScore(raw=value, value=value) for value in found)
        column = ScorerScores(metric="colour", scorer="film", text="none", marks=marks)
        return ScoreTable(images=request.images, columns=(column,))

    async def compare(self, request: CompareRequest, context: CallContext) -> Comparison:
        sums = [sum(await context.read(image)) for image in request.images]
        values = tuple(tuple(float(abs(a - b)) for b in sums) for a in sums)
        likeness = Similarity(
            measure="sums", method="film", higher_is_more_similar=False, values=values
        )
        return Comparison(likenesses=(likeness,))


def film_backend(capability: str, port: int, told: Path) -> Backend:
    """The backend of a capability; each has a lane of its own."""
    if capability == "image":
        return FilmPainter(port, told, "image", name="film", resumable=True)
    if capability == "video":
        facts = {"lengths": (4.0,), "takes": frozenset({"prompt", "first_image"})}
        return FilmClips(port, told, "video", name="film", lane="clips", resumable=True, **facts)
    if capability == "text":
        return FilmWriter(port, told, "text", name="film", lane="writing")
    free: dict[str, Any] = {"paid": False, "lane": "jury", "concurrency": 2}
    return FilmJury(port, told, "score", name="film", metrics=("colour",), **free)
