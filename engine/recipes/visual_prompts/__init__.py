"""Recipe `visual-prompts`: from music to prompts for images, and their creativity."""

from engine.contract import ChatBackend, ImageBackend, ScoreBackend
from engine.contract.embedding import EmbeddingBackend
from engine.contract.options import Option
from engine.contract.outputs import Outputs
from engine.contract.page import PagePart
from engine.contract.recipe import Headline, Recipe
from engine.recipes.visual_prompts.agents.writer import LISTENER, WRITER, writer_for
from engine.recipes.visual_prompts.corpus import AFTER
from engine.recipes.visual_prompts.estimate import calls_of
from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.loop import best_part, visual_prompts
from engine.recipes.visual_prompts.outputs import write_batch, write_job, write_progress
from engine.recipes.visual_prompts.read_report import job_report
from engine.recipes.visual_prompts.reader import READER
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.recipes.visual_prompts.summary import summary

PAGE = (
    PagePart("sound", field="sound"),
    PagePart("features", steps=("analyse",)),
    PagePart("notation", steps=("analyse",), role="notation"),
    PagePart("mel spectrogram", steps=("analyse",), role="mel"),
    PagePart("prompts", steps=("prompt-*", "prompt-*/mend"), beside=True),
    PagePart("creativity", steps=("creativity",)),
    PagePart("images", steps=("prompt-*/image",), role="*", beside=True),
)
"""The page of a sample in the dashboard."""

RECIPE = Recipe(
    name="visual-prompts",
    version="1",
    summary="From music to prompts for images, with the creativity of each.",
    input=VisualPromptsInput,
    settings=VisualPromptsSettings,
    uses={
        "text": ChatBackend,
        "embedding": EmbeddingBackend,
        "image": ImageBackend,
        "score": ScoreBackend,
    },
    agents=(WRITER, LISTENER),
    agents_used=lambda settings: (writer_for(listening=settings.listen),),
    run=visual_prompts,
    headline=Headline("creativity", low=0, high=100),
    estimate=calls_of,
    options=(
        Option("--dataset", target="input", help="The data set or sounds; the same as INPUT."),
        Option("--samples", "samples"),
        Option("--start-idx", "start_idx", aliases=("--start_idx",)),
        Option("--mel-spectrogram", "mel_spectrogram", aliases=("--mel_spectrogram",)),
        Option("--batch-size", target="in_flight", aliases=("--batch_size",)),
        Option("--images", "images"),
    ),
    after=AFTER,
    outputs=Outputs(
        "generated_prompts",
        report=job_report,
        summary=summary,
        write_job=write_job,
        write_batch=write_batch,
        write_progress=write_progress,
        progress_every=10,
        is_output_dir=True,
    ),
    reader=READER,
    best_part=best_part,
    page=PAGE,
    extra="audio",
)
"""The recipe, as the entry point `visual-prompts` of `safelight.recipes` gives it."""
