"""A toy recipe with everything that a recipe can declare, small enough to reason about."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from engine.contract import ChatBackend
from engine.contract.backend_names import BackendNames
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from tests.support.agents import refining


class Sample(RecipeInput):
    """One sample of a corpus."""

    id: str | None = None
    prompt: str = Field(description="What is heard.")


class CorpusSettings(RecipeSettings):
    """Settings that flags of every shape set."""

    text: BackendNames = "builtin"
    samples: int = Field(3, ge=1, description="Number of samples.")
    start_idx: int = Field(0, ge=0, description="First sample.")
    checkpoint: Path | None = Field(None, description="Weights.")
    mel_spectrogram: bool = Field(False, description="Draw spectrograms.")
    mode: Literal["convergent", "divergent"] = "convergent"
    tag: tuple[str, ...] = ()


class Described(BaseModel):
    """Description of a sample."""

    text: str
    length: float


async def describe(job: Any) -> Described:
    """Describes one sample."""
    written = await job.step("describe", refining(job), job.input.prompt, [])
    return Described(text=written.prompt, length=len(written.prompt))


CORPUS: AnyRecipe = Recipe(
    name="corpus",
    version="1",
    summary="Describes the samples of a corpus.",
    input=Sample,
    settings=CorpusSettings,
    uses={"text": ChatBackend},
    run=describe,
    headline=Headline("length", 0, 1000),
    options=(
        Option("--samples", "samples", aliases=("--num-samples", "--num_samples")),
        Option("--start-idx", "start_idx", aliases=("--start_idx",)),
        Option("--checkpoint", "checkpoint", aliases=("--ckpt",), help="Weights to describe with."),
        Option("--mel-spectrogram", "mel_spectrogram"),
        Option("--mode", "mode"),
        Option("--tag", "tag"),
        Option("--sound", "prompt", "entry"),
        Option("--dataset", target="input"),
        Option("--output", target="output"),
        Option("--batch-size", target="in_flight", aliases=("--batch_size", "--workers")),
    ),
    outputs=Outputs("corpus"),
)
