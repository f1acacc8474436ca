"""One sound effect as its files and reports show it."""

from typing import Any

from pydantic import Field

from engine.audio.measures import SoundMeasures
from engine.contract.backend import Artifact, FrozenModel
from engine.recipes.sound_effect.judging import Judgement
from engine.recipes.sound_effect.placing import LaidSteps, PlaceRequest


class TakeReport(FrozenModel):
    """A take that has been measured.

    Attributes:
        number: Its number within the job, from 1.
        iteration: Number of its prompt, from 1.
        prompt: Its prompt.
        negative_prompt: Its negative prompt.
        seed: Source of its randomness; None if the backend has no seeds.
        generated: The sound as it was generated.
        audio: The sound after its last touches.
        asked_seconds: Length that was asked for.
        backend: Backend that generated it.
        model: Its model.
        seconds: Time that it took.
        finished_at: Time at which it was there, UTC, ISO 8601.
        device: Device that its model ran on; empty if it did not run on this machine.
        cfg_scale: Guidance scale; None if the model has none.
        steps: Number of denoising steps; likewise.
        sampler: Sampler that was asked for; None for the backend's.
        init_audio: SHA-256 of the sound that it starts from; None if it starts from noise.
        init_noise: Noise added to that sound; None without one.
        measures: Its measures.
        judgement: Its judgement.
    """

    number: int
    iteration: int
    prompt: str
    negative_prompt: str
    seed: int | None
    generated: Artifact
    audio: Artifact
    asked_seconds: float
    backend: str
    model: str
    seconds: float
    finished_at: str
    device: str
    cfg_scale: float | None
    steps: int | None
    sampler: str | None = None
    init_audio: str | None = None
    init_noise: float | None = None
    measures: SoundMeasures
    judgement: Judgement


class PlacedReport(FrozenModel):
    """Steps that have been laid on events.

    Attributes:
        request: Request of the step.
        laid: Its result.
        finished_at: Time at which it was there, UTC, ISO 8601.
    """

    request: PlaceRequest
    laid: LaidSteps
    finished_at: str


class SoundReport(FrozenModel):
    """A sound effect: done, under way, or failed with an error.

    Attributes:
        key: Its id within the batch.
        state: State of its job.
        prompt: Words of the operator.
        target_seconds: Length that was asked for.
        takes: Its takes, by number.
        kept: Number of the take that is kept; None before the job is done.
        reason: Why it is kept, in a sentence.
        error: Reason why there is none, as a sentence; empty if nothing failed.
        batch: Name of its batch.
        job: Number of its job.
        is_loop: True if the ends of its takes continue into their starts.
        settings: Settings of its takes that are in no request: `loop`, `fade`, `target_lufs`,
            `audio_format`, and the names of `loras`.
        cost_microdollars: Cost of its calls.
        checkpoint: Name of the checkpoint that the settings name, without its folder; empty if
            they name none.
        config: Name of its configuration; likewise.
        placed: The take that is kept on the events of a film, once it is there.
        rating: Ratings by the operator, as `db.queries.ratings.rating_document` words them.
    """

    key: str
    state: str
    prompt: str
    target_seconds: float
    takes: tuple[TakeReport, ...] = ()
    kept: int | None = None
    reason: str = ""
    error: str = ""
    batch: str
    job: int
    is_loop: bool = False
    settings: dict[str, Any] = Field(default_factory=dict)
    cost_microdollars: int = 0
    placed: PlacedReport | None = None
    checkpoint: str = ""
    config: str = ""
    rating: dict[str, Any] | None = None

    @property
    def kept_take(self) -> TakeReport | None:
        """The take that is kept; None before the job is done."""
        return next((take for take in self.takes if take.number == self.kept), None)
