"""Packages of other people, as pip would have installed them."""

from pathlib import Path
from textwrap import dedent


def install(
    folder: Path, package: str, entry_points: dict[str, dict[str, str]], **modules: str
) -> None:
    """Put a package with entry points and modules into a folder that is on the path."""
    lines = [
        line
        for group, points in entry_points.items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in points.items()))
    ]
    install_text(folder, package, "\n".join(lines))
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(dedent(source))


def install_text(folder: Path, package: str, entry_points: str) -> None:
    """Put a package with the text of its entry points into a folder that is on the path."""
    info = folder / f"{package}-1.2.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n"
    (info / "METADATA").write_text(metadata)
    (info / "entry_points.txt").write_text(entry_points)


CHIMES = """
from pydantic import BaseModel
from safelight import Artifact, Headline, Recipe, RecipeInput, RecipeSettings
from safelight import AUDIO, AudioBackend, AudioInfo, BackendFamily, BaseBackend, Capability
from safelight import AudioRequest, GeneratedAudio


class NoSettings(BaseModel):
    pass


class Bells(BaseBackend):
    info = AudioInfo(name="bells", model="bell-1", version="1", lane="bells")

    async def generate_audio(self, request, context):
        return GeneratedAudio(audio=await context.keep(b"ding"), seed=request.seed)


class Settings(RecipeSettings):
    audio: str = "bells"


class Done(BaseModel):
    length: float


async def chime(job):
    request = AudioRequest(prompt=job.input.prompt, seconds=1, seed=job.seed)
    await job.step("ding", job.use(AUDIO).generate, request)
    return Done(length=1)


FAMILY = BackendFamily(
    name="bells",
    summary="Bells.",
    settings=NoSettings,
    factories={"audio": lambda _settings, _environment: Bells()},
)


class Prompted(RecipeInput):
    prompt: str


RECIPE = Recipe(
    name="chime",
    version="1",
    summary="Rings.",
    input=Prompted,
    settings=Settings,
    uses={"audio": AudioBackend},
    run=chime,
    headline=Headline("length", 0, 10),
)


class Smeller:
    def __init__(self, backend):
        self.backend = backend


SMELL = Capability("smell", "Smells.", AudioBackend, Smeller)
"""
"""A module with a recipe, a backend and a capability that work."""

GOOD = {
    "safelight.recipes": {"chime": "chimes:RECIPE"},
    "safelight.backends": {"bells": "chimes:FAMILY"},
    "safelight.capabilities": {"smell": "chimes:SMELL"},
}
"""Its entry points."""
