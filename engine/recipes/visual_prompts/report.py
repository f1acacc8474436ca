"""One sample as its files and reports show it."""

from typing import Any

from pydantic import Field

from engine.contract.backend import Artifact, FrozenModel
from engine.recipes.visual_prompts.agents.writer import Mode


class PromptReport(FrozenModel):
    """A prompt of a sample.

    Attributes:
        number: Number within the sample, from 0.
        mode: Mode.
        temperature: Temperature that the writer asked for.
        sent_temperature: Temperature that the model was sent; None if it takes none, or by rule.
        text: The prompt.
        author: Backend, model and version.
        mended: True if it was written again because of its form.
        problems: Problems of its form that are left, one sentence each.
    """

    number: int
    mode: Mode
    temperature: float
    sent_temperature: float | None = None
    text: str
    author: str
    mended: bool = False
    problems: tuple[str, ...] = ()


class ImageReport(FrozenModel):
    """The image of a prompt: generated, or failed.

    Attributes:
        number: Number of the prompt.
        image: The image; None if it failed.
        seed: Source of its randomness.
        width: Width that was asked for, in pixels.
        height: Height that was asked for, in pixels.
        backend: Backend that generated it.
        model: Its model.
        scores: Scores by metric, 0 to 100.
        error: Reason why there is none, as a sentence.
        path: Path of its file, relative to the folder of the export.
    """

    number: int
    image: Artifact | None = None
    seed: int
    width: int
    height: int
    backend: str
    model: str
    scores: dict[str, float] = Field(default_factory=dict)
    error: str = ""
    path: str = ""


class SampleFiles(FrozenModel):
    """Stored files of a sample; None for those that it does not have.

    Attributes:
        notation: Its notation as ABC text.
        midi: The same as MIDI.
        staff: The same as SVG.
        mel: Its mel spectrogram as an image.
    """

    notation: Artifact | None = None
    midi: Artifact | None = None
    staff: Artifact | None = None
    mel: Artifact | None = None


class SampleReport(FrozenModel):
    """A sample: done, under way, or failed with an error.

    Attributes:
        key: Its id within the batch.
        state: State of its job.
        index: Number of the sample in its data set, from 0.
        metadata: Metadata of the sample as its data set has it.
        features: The eight keys that readers of such files know, and further features.
        abc: Melody in ABC notation; empty if it has none.
        prompts: Prompts, in order.
        images: Images of the prompts, if they were asked for.
        creativity: Mean creativity of its prompts, 0 to 100; None if it is not known.
        files: Its stored files.
        warnings: Faults of the sound and of its data set, one sentence each.
        error: Reason why it has none, as a sentence; empty if nothing failed.
        batch: Name of its batch.
        job: Number of its job.
        output: Its folder, relative to the folder of all samples, with `/`.
        finished_at: Time at which its last step ended, UTC.
        seconds: Time spent in its steps.
        cost_microdollars: Cost of its calls.
        rating: Ratings by the operator, as `db.queries.ratings.rating_document` words them.
    """

    key: str = ""
    state: str = "done"
    index: int
    metadata: dict[str, Any] = Field(default_factory=dict)
    features: dict[str, Any] = Field(default_factory=dict)
    abc: str = ""
    prompts: tuple[PromptReport, ...] = ()
    images: tuple[ImageReport, ...] = ()
    creativity: float | None = None
    files: SampleFiles = SampleFiles()
    warnings: tuple[str, ...] = ()
    error: str = ""
    batch: str = ""
    job: int = 0
    output: str = ""
    finished_at: str | None = None
    seconds: float = 0.0
    cost_microdollars: int = 0
    rating: dict[str, Any] | None = None


class ExportHead(FrozenModel):
    """Facts of an export that are not about one sample.

    Attributes:
        dataset: Path of the data set as it was given.
        timestamp: Time at which its last sample ended, ISO 8601.
        provider: Backend of the prompts, with its model.
        sample_rate: Sample rate in Hz that was assumed where a data set states none.
        prompts_per_sample: Prompts that each sample is to have.
        has_mel: True if mel spectrograms were asked for.
        batch: Name of the batch.
    """

    dataset: str
    timestamp: str
    provider: str
    sample_rate: int
    prompts_per_sample: int
    has_mel: bool = False
    batch: str = ""
