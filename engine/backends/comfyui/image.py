"""Capability `image` of ComfyUI."""

from typing import Any

from engine.backends.comfyui.filling import values_for
from engine.backends.comfyui.running import Runner, Work
from engine.backends.comfyui.server import ComfyServer
from engine.backends.comfyui.settings import ComfySettings
from engine.backends.comfyui.workflow import SlotName, Workflow, version_of
from engine.backends.common.download import ROLE, FileLocations, fetch_file
from engine.backends.common.failures import Account
from engine.backends.common.readiness import has_package
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import PricedImages
from engine.contract import (
    CallContext,
    GeneratedImage,
    ImageInfo,
    ImageRequest,
    MissingRequirement,
    Permanent,
)
from engine.contract.packages import missing_packages

_CHANGES: tuple[SlotName, ...] = ("steps", "cfg", "denoise", "refiner", "upscaler")
"""Settings that go into a slot of their name."""


class ComfyImages(PricedImages[ComfySettings]):
    """Images from workflows on a ComfyUI server."""

    def __init__(self, settings: ComfySettings) -> None:
        self.settings = settings
        self.workflow = settings.filled_workflow
        self._account = Account("comfyui")
        self._runner = Runner(settings, settings.cost, self._account)
        checkpoint = self.workflow.value("checkpoint")
        self.info = ImageInfo(
            name="comfyui",
            model=settings.model or str(checkpoint or self.workflow.name),
            version=_version(settings),
            lane=self._runner.lane,
            paid=settings.cost > 0,
            resumable=True,
            reusable=True,  # the seed is sent
            limits=settings.limits,
            price_names=("comfyui.price_per_image=...",),
        )

    def missing(self) -> list[MissingRequirement]:
        """The package, if it is missing; calls show whether the server runs."""
        return [] if has_package("httpx") else [missing_packages("httpx")]

    def unreachable(self) -> MissingRequirement | None:
        """Report that ComfyUI does not answer on this machine although it should."""
        return self._runner.unreachable()

    def refusal(self) -> str:
        """Why no batch is queued with these settings: the prompt has no place, for example."""
        others = self.settings.reference_workflow
        return self.workflow.trouble or (others.trouble if others is not None else "")

    def details(self) -> list[str]:
        """Target of each value in the workflow, and values without one, one per line."""
        return [f"workflow: {self.workflow.name}", *self.workflow.described, *self.notes()]

    def notes(self) -> list[str]:
        """Values of the request or the settings that have no place in the workflow."""
        lacks = self.workflow.words_without()
        if self.workflow.without("width", "height"):
            lacks.append("the size")
        if self.workflow.without("reference") and self.settings.reference_workflow is None:
            lacks.append("a reference image")
        set_ = [name for name in _CHANGES if getattr(self.settings, name) is not None]
        lacks += [f"comfyui.{name}" for name in self.workflow.without(*set_)]
        if self.settings.model and self.workflow.without("checkpoint"):
            lacks.append("comfyui.model")
        return self.workflow.lacking(lacks)

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image, or resume the prompt that is generating it.

        Raises:
            StepError: It did not work.
        """
        workflow = self._workflow_for(request)

        async def fill(server: ComfyServer) -> dict[str, Any]:
            reference = await self._uploaded(server, workflow, request, context)
            return workflow.filled(values_for(workflow, self.settings, request, reference))

        async def fetch(url: str) -> bytes:
            timeout = self.settings.timeout
            locations = FileLocations(self._account, self._runner.base_url, timeout=timeout)
            return await fetch_file(locations, url)

        data = await self._runner.run(Work(workflow, fill, fetch), context)
        return GeneratedImage(image=await context.keep(data, role=ROLE), seed=request.seed)

    def _workflow_for(self, request: ImageRequest) -> Workflow:
        wanted = references_of(request, 1, f"The workflow {self.workflow.name}")
        if not wanted or "reference" in self.workflow.slots:
            return self.workflow
        if self.settings.reference_workflow is None:
            raise Permanent(
                f"The workflow {self.workflow.name} has no place for a reference image.",
                remedy="Declare its slot 'reference', or set comfyui.reference_workflow.",
            )
        return self.settings.reference_workflow

    async def _uploaded(
        self, server: ComfyServer, workflow: Workflow, request: ImageRequest, context: CallContext
    ) -> str | None:
        """Server's name of the reference image; None if there is none."""
        reference = None
        for image in references_of(request, 1, f"The workflow {workflow.name}"):
            sent = await read_reference(context, image)
            name = f"safelight-{image.hash[:16]}.{sent.media_type.rpartition('/')[2]}"
            reference = await server.upload(name, sent.data, sent.media_type)
        if reference is None and "reference" in {*workflow.slots} - {*workflow.optional}:
            raise Permanent(f"The workflow {workflow.name} needs a reference image.")
        return reference


def _version(settings: ComfySettings) -> str:
    """Version of the method: everything that changes the result but is not in the request."""
    changes = {"steps", "cfg", "denoise", "refiner", "upscaler"}
    return version_of(
        settings.filled_workflow,
        settings.reference_workflow,
        settings.model_dump(mode="json", include=changes),
    )
