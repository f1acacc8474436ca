"""Capability `image` of local models."""

from collections.abc import Sequence
from typing import Any

from engine.backends.common.lineage import lineage_of
from engine.backends.common.references import references_of
from engine.backends.diffusers.identity import lane_for, version_of
from engine.backends.diffusers.packages import (
    EDGES,
    lacking_edges,
    lacking_packages,
    needed_packages,
)
from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import (
    Artifact,
    BaseBackend,
    CallContext,
    GeneratedImage,
    ImageInfo,
    ImageRequest,
    Limits,
    MissingRequirement,
    ModelKey,
    Task,
)
from engine.contract.model_host import ModelNeeds
from engine.imaging.lineage import Lineage, stamp
from engine.models.diffusion.options import (
    AdapterFile,
    ControlOptions,
    ImageTask,
    PipelineOptions,
    Sampling,
)
from engine.models.diffusion.sources import all_wanted
from engine.models.weights import RequiredWeights, marked, missing_weights, model_needs

METHOD = "1"
"""Version of the method of generation."""

LOADER = "engine.models.diffusion.loading:load"
OPERATION = "generate"

MAX_FOLLOWED = 8
"""Reference images that an IP-Adapter is shown at most."""


class DiffusersImages(BaseBackend):
    """Images by a diffusion model in a model host."""

    info: ImageInfo

    def __init__(self, settings: DiffusersSettings) -> None:
        self.settings = settings
        self._options = _options_of(settings)
        self.info = ImageInfo(
            name="diffusers",
            model=marked(settings.model),
            version=version_of(settings, METHOD),
            lane=lane_for(self.weights()),
            reusable=True,  # the seed decides
            limits=Limits(settings.concurrency or 2 * settings.batch),
            max_references=MAX_FOLLOWED if settings.reference == "ip-adapter" else 1,
            takes_control=settings.controlnet is not None,
            client="diffusers",
        )
        self.key = ModelKey(
            loader=LOADER,
            options=self._options.model_dump_json(exclude_defaults=True),
            name=self.info.model,
            device=settings.device,
        )

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights that its settings ask for."""
        return list(all_wanted(self._options, self.settings.loras))

    def missing(self) -> list[MissingRequirement]:
        """Packages that are not installed, else weights that are not on this machine."""
        more = ("peft",) if self.settings.loras else ()
        lacking = lacking_packages(*more)
        if self.settings.controlnet and self.settings.control == "canny":
            lacking += lacking_edges()
        return lacking or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        settings = self.settings
        more = ["peft"] if settings.loras else []
        if settings.controlnet and settings.control == "canny":
            more.append(EDGES)
        return model_needs(needed_packages(*more), self.weights())

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image.

        Raises:
            StepError: It did not work.
        """
        followed = self._followed(request)
        references = tuple([await context.read(image) for image in followed])
        control = b""
        if request.control is not None and self.info.takes_control:
            control = await context.read(request.control)
        ask = self._ask(request, references, control)
        task = Task(self.key, OPERATION, ask.model_dump(), ask.group())
        context.progress(None, f"waiting for {self.info.model}")
        answer = await context.infer(task)
        pixels, width, height = answer["rgb"], answer["width"], answer["height"]
        lineage = lineage_of(self.info, request, followed)
        # The processors encode while the device makes the next images.
        png = await context.compute(encoded, pixels, width, height, lineage.model_dump())
        decoded = await context.keep(png, role="image")
        return GeneratedImage(image=decoded, seed=request.seed)

    def _followed(self, request: ImageRequest) -> tuple[Artifact, ...]:
        if self.settings.reference == "none":
            return ()
        by = f"{self.info.model} by {self.settings.reference}"
        remedy = "Set diffusers.reference to ip-adapter, or give fewer."
        return references_of(request, self.info.max_references, by, remedy=remedy)

    def _ask(
        self, request: ImageRequest, references: tuple[bytes, ...], control: bytes
    ) -> ImageTask:
        settings = self.settings
        following = settings.reference if references and settings.reference != "none" else None
        return ImageTask(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed,
            width=request.width,
            height=request.height,
            references=references,
            control=control,
            upscale_from=settings.upscale_from if settings.upscale else 0,
            preview_every=settings.preview_every,
            sampling=Sampling(
                scheduler=settings.scheduler,
                karras=settings.karras,
                steps=settings.steps,
                cfg=settings.cfg,
                following=following,
                strength=settings.strength,
                ip_scale=settings.ip_adapter_scale,
                control_scale=settings.control_scale,
                refine_at=settings.refiner_at,
                loras=settings.loras,
            ),
        )


def encoded(rgb: bytes, width: int, height: int, lineage: dict[str, Any]) -> bytes:
    """Pixels as a PNG that carries its lineage; plain data in and out, for the process pool.

    Args:
        rgb: Three bytes a pixel, row by row.
        width: Width in pixels.
        height: Height in pixels.
        lineage: A `Lineage` as a dict.
    """
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.frombytes("RGB", (width, height), rgb).save(buffer, "PNG")
    return stamp(buffer.getvalue(), Lineage.model_validate(lineage))


def _options_of(settings: DiffusersSettings) -> PipelineOptions:
    adapter = None
    if settings.reference == "ip-adapter":
        adapter = AdapterFile(
            source=settings.ip_adapter,
            weights=settings.ip_adapter_weights,
            image_encoder=settings.ip_adapter_encoder,
        )
    control = None
    if settings.controlnet is not None:
        depth = settings.depth_model if settings.control == "depth" else ""
        control = ControlOptions(
            source=settings.controlnet, kind=settings.control, depth_model=depth
        )
    return PipelineOptions(
        model=settings.model,
        config=settings.config,
        variant=settings.variant,
        vae=settings.vae,
        refiner=settings.refiner,
        ip_adapter=adapter,
        control=control,
        upscaler=settings.upscale,
        dtype=settings.dtype,
        vae_tiling=settings.vae_tiling,
        most=settings.batch,
        offline=settings.offline,
    )
