"""Options and requests of a video pipeline, as plain data without torch."""

import hashlib
import json

from pydantic import Field

from engine.contract.backend import FrozenModel
from engine.models.diffusion.options import AdapterFile, LoraFile, Precision


class VideoPipelineOptions(FrozenModel):
    """Sources and options of a pipeline; models of other options are loaded beside it.

    Attributes:
        model: Folder of a pipeline or its id on the hub, as `engine.models.weights` reads it.
        motion_adapter: AnimateDiff's motion adapter for a Stable Diffusion model: folder or id.
        ip_adapter: The IP-Adapter, if references are followed.
        variant: Variant of the files, for example `fp16`.
        dtype: Numbers that it computes with.
        vae_tiling: True to decode frames in tiles.
        offline: True if a setting forbids fetching missing files.
    """

    model: str
    motion_adapter: str | None = None
    ip_adapter: AdapterFile | None = None
    variant: str | None = None
    dtype: Precision = "auto"
    vae_tiling: bool = False
    offline: bool = False


class VideoSampling(FrozenModel):
    """Sampling of a clip.

    Attributes:
        steps: Denoising steps; None for the pipeline's default.
        cfg: Guidance scale; None for the pipeline's default.
        ip_scale: Weight of the IP-Adapter.
        loras: The active LoRAs.
    """

    steps: int | None = Field(None, ge=1)
    cfg: float | None = Field(None, ge=0)
    ip_scale: float = 0.6
    loras: tuple[LoraFile, ...] = ()


class VideoTask(FrozenModel):
    """A request for one clip: the payload of the operation `generate`.

    Attributes:
        prompt: Description of what is to be seen.
        negative_prompt: Description of what to avoid; models without negative prompts ignore it.
        seed: Source of all randomness, 0 to 2**63 - 1.
        width: Width in pixels.
        height: Height in pixels.
        frames: Number of frames.
        frame_rate: Frames per second.
        first_image: Image that it starts with.
        last_image: Image that it ends with.
        references: Images that it follows by the IP-Adapter.
        motion: Amount of motion, 0 to 1; None for the model's default.
        preview_every: Steps between two previews; 0 for none.
        sampling: Its sampling.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0, lt=2**63)
    width: int = Field(ge=8)
    height: int = Field(ge=8)
    frames: int = Field(ge=1)
    frame_rate: float = Field(gt=0)
    first_image: bytes | None = None
    last_image: bytes | None = None
    references: tuple[bytes, ...] = ()
    motion: float | None = Field(None, ge=0, le=1)
    preview_every: int = Field(0, ge=0)
    sampling: VideoSampling = VideoSampling()

    def group(self) -> str:
        """Group of the request; clips are generated one by one, so it is a hint only."""
        text = json.dumps([self.width, self.height, self.frames, self.sampling.model_dump()])
        return hashlib.sha256(text.encode()).hexdigest()[:32]
