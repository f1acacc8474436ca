"""A recipe that makes every kind of file: an image, a clip of it, a film of that, sounds."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any, ClassVar, cast

from PIL import Image
from pydantic import BaseModel

from engine.client.memory_catalog import MemoryCatalog
from engine.client.workspace import Workspace
from engine.contract import (
    Artifact,
    CallContext,
    GeneratedImage,
    ImageBackend,
    Request,
    Result,
)
from engine.contract.backend import BaseBackend
from engine.contract.files import ImageFile, SoundFile
from engine.contract.folder import Folder
from engine.contract.image import ImageInfo, ImageRequest
from engine.contract.outputs import Outputs, Projection
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.contract.video import VIDEO, VideoBackend, VideoRequest
from engine.imaging.lineage import Lineage
from engine.provenance.certificates import make_keys
from engine.provenance.errors import KeysExist
from engine.recipes.common.images import Source, file_name, put_image
from engine.recipes.common.stored import put_stored
from tests.support.clip_backend import Clips
from tests.support.clips import clip
from tests.support.sounds import encoded_noise, noise_wav

SUFFIXES = {
    "image/jpeg": "jpg", "image/webp": "webp", "image/png": "png", "video/mp4": "mp4",
    "audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/ogg": "ogg",
}  # fmt: skip


class StudioInput(RecipeInput):
    """One entry."""

    id: str | None = None
    prompt: str
    picture: ImageFile | None = None
    song: SoundFile | None = None


class StudioSettings(RecipeSettings):
    """Backends."""

    image: str = "fake"
    video: str = "fake"


class Reel(Request):
    """Parts of a film."""

    clips: tuple[Artifact, ...]
    song: Artifact | None


class Film(Result):
    """A film."""

    kind: ClassVar[str] = "video"

    video: Artifact


class Nothing(Request):
    """Asks for one of each kind."""


class Kinds(Result):
    """One file of each kind that a recipe computes itself."""

    files: tuple[Artifact, ...]


class StudioResult(BaseModel):
    """All files of a job."""

    files: tuple[Artifact, ...]


class Painter(BaseBackend):
    """Paints images whose bytes the test chooses.

    Attributes:
        data: Bytes of the next image; None for a plain one of the request's size.
        asked: Number of requests.
    """

    def __init__(self) -> None:
        self.info: ImageInfo = ImageInfo(
            name="fake", model="fake-1", version="1", lane="fake", max_references=4
        )
        self.data: bytes | None = None
        self.asked = 0

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Paint an image."""
        self.asked += 1
        buffer = io.BytesIO()
        Image.effect_noise((request.width, request.height), 60).convert("RGB").save(buffer, "PNG")
        image = await context.keep(self.data or buffer.getvalue())
        return GeneratedImage(image=image, seed=request.seed)


async def join(request: Reel, context: CallContext) -> Film:
    """Make a film."""
    data = clip(2, (128, 72), (200, 20, 40))
    return Film(video=await context.keep(data, "film", kind="video"))


async def one_of_each(request: Nothing, context: CallContext) -> Kinds:
    """Make one file of each kind."""
    pixels = Image.effect_noise((96, 64), 60).convert("RGB")
    files = [noise_wav(0.2), encoded_noise(0.2, "FLAC"), encoded_noise(0.2, "MP3")]
    for name in ("JPEG", "WEBP"):
        buffer = io.BytesIO()
        pixels.save(buffer, name)
        files.append(buffer.getvalue())
    files.append(encoded_noise(0.2, "OGG"))
    return Kinds(files=tuple([await context.keep(data) for data in files]))


async def run_studio(job: Any) -> StudioResult:
    """Make an image, a clip, a film, and one file of each other kind."""
    entry = job.input
    image = await job.step(
        "keyframe",
        job.image.generate,
        entry.prompt,
        seed=job.seed,
        width=96,
        height=64,
        reference=entry.picture,
    )
    request = VideoRequest(
        prompt=entry.prompt, seed=7, width=128, height=72, seconds=1, first_image=image.image
    )
    made = await job.step("clip", job.use(VIDEO).generate, request)
    reel = Reel(clips=(made.video,), song=entry.song)
    film = await job.local("film", join, reel, method="film")
    kinds = await job.local("kinds", one_of_each, Nothing(), method="kinds")
    return StudioResult(files=(image.image, made.video, film.video, *kinds.files))


def write_job(projection: Projection) -> None:
    """Write the files that there are."""
    job = projection.job
    if job is None or job.result is None:
        return
    result = StudioResult.model_validate_json(job.result)
    prompt = json.loads(job.input)["prompt"]
    stored, publisher = projection.artifact, projection.publisher
    with Folder(projection.folder) as folder:
        first, *others = result.files
        lineage = Lineage(
            prompt=prompt, seed=3, width=96, height=64, backend="fake", model="fake-1"
        )
        source = Source(first, lineage)
        name = file_name("keyframe", first, stored)
        put_image(folder, name, source, stored(first.hash), publisher)
        for number, one in enumerate(others):
            name = f"{number}.{SUFFIXES[one.media_type]}"
            put_stored(folder, name, one, stored, publisher)


STUDIO: AnyRecipe = Recipe(
    name="studio",
    version="3",
    summary="Makes one of each.",
    input=StudioInput,
    settings=StudioSettings,
    uses={"image": ImageBackend, "video": VideoBackend},
    headline=Headline("score", 0, 100),
    run=run_studio,
    outputs=Outputs("studio", write_job=write_job),
)

TOML = '[provenance]\nsign = "local"\n'


class Studio:
    """A workspace with the recipe, and keys of its user.

    Attributes:
        root: The workspace's folder.
        painter: Its backend of images.
    """

    def __init__(self, root: Path, toml: str = TOML, *, keys: bool = True) -> None:
        self.root = root
        self.painter = Painter()
        root.mkdir(parents=True, exist_ok=True)
        (root / "safelight.toml").write_text(toml)
        if keys:
            with contextlib.suppress(KeysExist):  # tests share their user's configuration
                make_keys("Ada")

    def workspace(self) -> Workspace:
        """Open the workspace with its present settings."""
        catalog = MemoryCatalog([STUDIO], [self.painter, Clips()])
        return Workspace(self.root, create=True, catalog=cast("Any", catalog))

    def run(self, **entry: Any) -> Path:
        """Run a job; return its folder of outputs."""
        workspace = self.workspace()
        source = self.root / "input.json"
        source.write_text(json.dumps([{"prompt": "a lamp", **entry}]))
        batch = workspace.run("studio", source, settings={"seed": 5})
        (job,) = workspace.jobs(batch)
        return self.root / job.output

    def artifacts(self) -> dict[str, bytes]:
        """Return the stored files by their paths."""
        folder = self.root / ".safelight/artifacts"
        return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
