"""Small backends for storyboards: images of one colour, prompts that count up, invented marks.

Everything that they answer depends on the request alone, so that runs can be compared.
"""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from db.queries import jobs as queries
from db.rows import JobRow, StepRow
from engine.client.workspace import Workspace
from engine.contract import (
    Backend,
    BackendInfo,
    CallContext,
    CompareRequest,
    Comparison,
    GeneratedImage,
    ImageInfo,
    ImageRequest,
    ImageScore,
    Permanent,
    Request,
    ScoreInfo,
    ScoreRequest,
    ScorerScores,
    ScoreTable,
    Similarity,
)
from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.storyboard.agents.cinematographer import Shot, ShotRequest
from engine.recipes.storyboard.agents.prompt_engineer import ReviewRequest
from engine.recipes.storyboard.agents.scene_writer import Scenes, ScenesRequest
from engine.recipes.storyboard.film import PlannedScene, ShotReview
from tests.support.agents import ByOperation
from tests.support.backends import InfoBackend, toy_info
from tests.support.clip_backend import Clips

METRICS = ("pickscore", "clipscore", "vqascore", "aesthetic")


def digest(*parts: object) -> int:
    """A number of anything, the same in every process."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big")


def png_of(colour: tuple[int, int, int], size: tuple[int, int] = (64, 64)) -> bytes:
    """A small image of one colour."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def marks_of(request: ScoreRequest, metric: str) -> list[ImageScore]:
    """Marks that depend on image and metric alone."""
    return [
        ImageScore(raw=value / 4, value=value)
        for image in request.images
        for value in [40.0 + digest(image.hash, metric) % 600 / 10]
    ]


@dataclass
class Crew:
    """Behaviour of all three backends, and the requests that they got.

    Attributes:
        reviews: Overall score of each round of a scene's prompt, from the first; the last holds on.
        marks: What a metric gives the images of a set.
        fails: Whether a request fails for good.
        metrics: What the scorer has.
        max_references: Reference images that the painter takes.
        asked: Every request, in order.
    """

    reviews: Sequence[float] = (50.0, 70.0, 90.0)
    marks: Callable[[ScoreRequest, str], list[ImageScore]] = marks_of
    fails: Callable[[Request], bool] = lambda _request: False
    metrics: tuple[str, ...] = METRICS
    max_references: int = 1
    asked: list[Request] = field(default_factory=list)

    def of(self, kind: type[Request]) -> list[Any]:
        """The requests of a kind."""
        return [request for request in self.asked if isinstance(request, kind)]


class CrewBackend(InfoBackend):
    """One of the three."""

    kind: ClassVar[type[BackendInfo]] = BackendInfo

    def __init__(self, crew: Crew, capability: str, name: str = "crew", **facts: Any) -> None:
        facts = {"model": "crew-1", "lane": f"{name}-{capability}", **facts}
        super().__init__(toy_info(name, capability, self.kind, **facts))
        self.crew = crew

    def hear(self, request: Request) -> None:
        """Takes note of a request."""
        self.crew.asked.append(request)
        if self.crew.fails(request):
            raise Permanent("It was refused.")


class Writer(ByOperation, CrewBackend):
    """Cinematographer and Prompt Engineer."""

    async def write_scenes(self, request: ScenesRequest, _context: CallContext) -> Scenes:
        self.hear(request)
        planned = [
            PlannedScene(prompt=f"{request.film.brief}, part {n}", duration=3.75)
            for n in range(1, request.count + 1)
        ]
        return Scenes(scenes=tuple(planned), author="crew")

    async def write_shot(self, request: ShotRequest, _context: CallContext) -> Shot:
        self.hear(request)
        turn = len(request.drafts) + 1
        return Shot(
            prompt=f"{request.scene.prompt}; shot {turn}, low angle",
            negative_prompt="blur",
            reason=f"round {turn}",
            author="crew cinematographer",
        )

    async def review_shot(self, request: ReviewRequest, _context: CallContext) -> ShotReview:
        self.hear(request)
        turn = int(request.prompt.rpartition("shot ")[2].partition(",")[0])
        score = self.crew.reviews[min(turn, len(self.crew.reviews)) - 1]
        return ShotReview(
            completeness=score,
            specificity=score,
            professionalism=score,
            cinematography=score,
            brand_alignment=score,
            overall=request.overall([score] * 5),
            critique=f"worth {score:g}",
            suggestions=("say more",),
            scorer="crew engineer",
        )


class Painter(CrewBackend):
    """One colour a request."""

    kind = ImageInfo

    def __init__(self, crew: Crew, capability: str, name: str = "crew") -> None:
        super().__init__(crew, capability, name, max_references=crew.max_references)

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        self.hear(request)
        followed = [one.hash for one in (request.reference, *request.more_references) if one]
        number = digest(request.prompt, request.seed, followed)
        colour = (number & 255, number >> 8 & 255, number >> 16 & 255)
        image = await context.keep(png_of(colour, (request.width, request.height)), role="image")
        return GeneratedImage(image=image, seed=request.seed)


class Jury(CrewBackend):
    """Marks as the crew says."""

    kind = ScoreInfo

    def __init__(self, crew: Crew, capability: str, name: str = "crew") -> None:
        super().__init__(crew, capability, name, metrics=crew.metrics)

    async def score(self, request: ScoreRequest, _context: CallContext) -> ScoreTable:
        self.hear(request)
        columns = [
            ScorerScores(
                metric=metric,
                scorer=f"crew {metric}-1",
                text="brief",
                marks=tuple(self.crew.marks(request, metric)),
            )
            for metric in request.metrics or self.crew.metrics
        ]
        return ScoreTable(images=request.images, columns=tuple(columns))

    async def compare(self, request: CompareRequest, _context: CallContext) -> Comparison:
        self.hear(request)
        count = len(request.images)
        values = tuple(tuple(1.0 if a == b else 0.5 for b in range(count)) for a in range(count))
        return Comparison(
            likenesses=(
                Similarity(
                    measure="colour", method="crew", higher_is_more_similar=True, values=values
                ),
            )
        )


class CrewCatalog(EntryPointCatalog):
    """The real recipes; backends named `crew` are the crew's, those named `spare` a spare one's."""

    def __init__(self, crew: Crew, spare: Crew | None = None, clips: Clips | None = None) -> None:
        super().__init__()
        self.crews = {"crew": crew, "spare": spare or Crew()}
        self.clips = clips or Clips()

    def backend_settings(self, name: str, settings: Mapping[str, Any]) -> Any:
        is_ours = name in self.crews or name == self.clips.info.name
        return super().backend_settings("builtin" if is_ours else name, settings)

    def backend(
        self,
        capability: Any,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        if name == self.clips.info.name:
            return self.clips
        if name not in self.crews:
            return super().backend(capability, name, settings, environment)
        made = {"text": Writer, "image": Painter, "score": Jury}[capability]
        return made(self.crews[name], capability, name)


CREW = {"image": "crew", "text": "crew", "score": "crew"}
SMALL = {**CREW, "width": 64, "height": 64, "seed": 5, "animatic": False}


@dataclass
class Shooting:
    """A workspace with one batch of storyboards by a crew."""

    root: Path
    crew: Crew = field(default_factory=Crew)
    spare: Crew = field(default_factory=Crew)
    clips: Clips = field(default_factory=Clips)
    workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        self.workspace = Workspace(
            self.root / "w", create=True, catalog=CrewCatalog(self.crew, self.spare, self.clips)
        )

    def run(self, entry: str, **settings: Any) -> JobRow:
        """Runs one entry, as YAML, to its end; returns the first job."""
        self.queue(entry, **settings)
        return self.again()

    def queue(self, entry: str, **settings: Any) -> None:
        """Queues one entry, as YAML."""
        source = self.root / "in.yaml"
        source.write_text(entry)
        self.workspace.queue("storyboard", source, settings={**SMALL, **settings})

    def again(self) -> JobRow:
        """Continues the batch."""
        self.workspace.follow("b1")
        return self.job()

    def decide(self, key: str, value: Any) -> JobRow:
        """Decides something about the first job and continues; forgets the requests before."""
        self.crew.asked.clear()
        self.workspace.command("decide", ["j1"], {"key": key, "value": value})
        return self.again()

    def job(self) -> JobRow:
        """The first job as it is now."""
        with self.workspace.reading() as connection:
            found = queries.job(connection, 1)
        assert found is not None
        return found

    def steps(self) -> list[StepRow]:
        """The first job's steps."""
        with self.workspace.reading() as connection:
            return queries.steps(connection, 1)

    @property
    def folder(self) -> Path:
        """The first job's folder."""
        return self.workspace.paths.root / self.job().output
