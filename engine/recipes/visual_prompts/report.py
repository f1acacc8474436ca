"""One sample as its files and reports show it."""

from typing import Any

from pydantic import Field

from engine.contract.backend import FrozenModel
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


class SampleReport(FrozenModel):
    """A sample: done, or failed with an error.

    Attributes:
        index: Number of the sample in its data set, from 0.
        metadata: Metadata of the sample as its data set has it.
        features: The eight keys that readers of such files know, and further features.
        abc: Melody in ABC notation; empty if it has none.
        prompts: Prompts, in order.
        error: Reason why it has none, as a sentence; empty if nothing failed.
        batch: Name of its batch.
        job: Number of its job.
    """

    index: int
    metadata: dict[str, Any] = Field(default_factory=dict)
    features: dict[str, Any] = Field(default_factory=dict)
    abc: str = ""
    prompts: tuple[PromptReport, ...] = ()
    error: str = ""
    batch: str = ""
    job: int = 0


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
