"""Options and requests of a sound pipeline, as plain data without torch."""

import hashlib
import json

from pydantic import Field

from engine.contract.backend import FrozenModel
from engine.models.diffusion.options import LoraFile, Precision


class SoundPipelineOptions(FrozenModel):
    """Source and options of a pipeline; models of other options are loaded beside it.

    Attributes:
        model: Folder of a pipeline or its id on the hub, as `engine.models.weights` reads it.
        variant: Variant of the files, for example `fp16`.
        dtype: Numbers that it computes with.
        most: Maximum number of sounds in one call.
        offline: True if a setting forbids fetching missing files.
    """

    model: str
    variant: str | None = None
    dtype: Precision = "auto"
    most: int = Field(4, ge=1)
    offline: bool = False


class SoundSampling(FrozenModel):
    """Sampling of sounds; tasks with the same sampling can be done in one call.

    Attributes:
        sampler: Name of the sampler; `default` is the model's own.
        steps: Denoising steps; None for the pipeline's default.
        cfg: Scale of classifier-free guidance; None for the pipeline's default.
        init_noise: Share of the noise that a sound to start from gets, 0 (unchanged) to 1.
        loras: The active LoRAs.
    """

    sampler: str = "default"
    steps: int | None = Field(None, ge=1)
    cfg: float | None = Field(None, ge=0)
    init_noise: float = Field(0.5, ge=0, le=1)
    loras: tuple[LoraFile, ...] = ()


class SoundTask(FrozenModel):
    """A request for one sound: the payload of the operation `generate`.

    Attributes:
        prompt: Description of what is to be heard.
        negative_prompt: Description of what to avoid; models without negative prompts ignore it.
        seed: Source of all randomness, 0 to 2**63 - 1.
        seconds: Length in seconds.
        init: Sound to start from, in the model's sample rate and channels: 32-bit floats, a channel
            after the other; None to start from noise alone.
        sampling: Its sampling.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0, lt=2**63)
    seconds: float = Field(gt=0)
    init: bytes | None = None
    sampling: SoundSampling = SoundSampling()

    def group(self) -> str:
        """Group of the request; one call can do requests of one model and group, unchanged.

        Empty and non-empty negative prompts need separate calls: a missing one is zeros to Stable
        Audio, while an empty one beside others would be encoded.
        """
        shared = {
            "seconds": self.seconds,
            "negative": bool(self.negative_prompt),
            "starts": self.init is not None,
            "sampling": self.sampling.model_dump(mode="json"),
        }
        text = json.dumps(shared, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
