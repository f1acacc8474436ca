"""Capability `audio` of ComfyUI."""

from typing import Any

from engine.backends.comfyui.fitting import padded
from engine.backends.comfyui.running import Runner, Work
from engine.backends.comfyui.server import ComfyServer
from engine.backends.comfyui.settings import ComfySettings
from engine.backends.comfyui.sounds import LATENT_RATE, whole_latent
from engine.backends.comfyui.workflow import SlotName, Workflow, version_of
from engine.backends.common.download import SOUNDS, FileLocations, fetch_file
from engine.backends.common.failures import Account
from engine.backends.common.readiness import has_package
from engine.backends.common.sounds import fitted, format_notes, missing_decoders
from engine.contract.audio import AudioField, AudioInfo, AudioRequest, GeneratedAudio
from engine.contract.backend import BaseBackend, CallContext, MissingRequirement
from engine.contract.errors import Permanent
from engine.contract.packages import missing_packages

MAX_BYTES = 256 * 2**20
"""The largest sound that is fetched, in bytes."""

_FIELDS: dict[AudioField, SlotName] = {
    "negative_prompt": "negative",
    "seed": "seed",
    "steps": "steps",
    "guidance": "cfg",
    "sampler": "sampler",
}
"""Slot of each optional field of a request."""


class ComfySounds(BaseBackend):
    """Sounds from workflows on a ComfyUI server."""

    info: AudioInfo

    def __init__(self, settings: ComfySettings) -> None:
        self.settings = settings
        self.workflow = settings.filled_sound_workflow
        self._account = Account("comfyui")
        self._runner = Runner(settings, settings.sound_cost, self._account)
        checkpoint = self.workflow.value("checkpoint")
        others = settings.sound_init_workflow
        self.info = AudioInfo(
            name="comfyui",
            model=settings.sound_model or str(checkpoint or self.workflow.name),
            version=version_of(self.workflow, others, {"sound_model": settings.sound_model}),
            lane=self._runner.lane,
            paid=settings.sound_cost > 0,
            resumable=True,
            reusable=True,  # the seed is sent
            limits=settings.limits,
            price_names=("comfyui.price_per_sound=...",),
            max_seconds=settings.max_sound_seconds,
            takes=self._takes(),
        )

    def _takes(self) -> frozenset[AudioField]:
        placed = {field for field, slot in _FIELDS.items() if self.workflow.slots.get(slot)}
        return frozenset({*placed, *(("init_audio",) if self._takes_init else ())})

    @property
    def _takes_init(self) -> bool:
        others = self.settings.sound_init_workflow
        return any(one and not one.without("init_audio") for one in (self.workflow, others))

    def missing(self) -> list[MissingRequirement]:
        """The packages that are missing; calls show whether the server runs."""
        missing = [] if has_package("httpx") else [missing_packages("httpx")]
        return [*missing, *missing_decoders()]

    def unreachable(self) -> MissingRequirement | None:
        """Report that ComfyUI does not answer on this machine although it should."""
        return self._runner.unreachable()

    def refusal(self) -> str:
        """Why no batch is queued with these settings: the prompt has no place, for example."""
        others = self.settings.sound_init_workflow
        return self.workflow.trouble or (others.trouble if others is not None else "")

    def details(self) -> list[str]:
        """Target of each value in the workflow, and values without one, one per line."""
        return [f"workflow: {self.workflow.name}", *self.workflow.described, *self.notes()]

    def notes(self) -> list[str]:
        """Values of the request or the settings that have no place in the workflow."""
        lacks = self.workflow.words_without()
        if len(self.workflow.without("seconds", "latent_seconds")) == 2:
            lacks.append("the length")
        if not self._takes_init:
            lacks.append("a sound to start from")
        if self.settings.sound_model and self.workflow.without("checkpoint"):
            lacks.append("comfyui.sound_model")
        return self.workflow.lacking(lacks)

    def asks(self, request: AudioRequest) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        return self.info.paid and self.settings.asks_about(self.worst_cost(request))

    def worst_cost(self, request: AudioRequest) -> int | None:
        """Return the price of a sound in micro-dollars; None if it is not set."""
        return None if self.settings.price_per_sound is None else self.settings.sound_cost

    def usual_cost(self) -> tuple[int, int] | None:
        """Return the price of a sound twice; None if it is not set."""
        cost = self.settings.sound_cost
        return None if self.settings.price_per_sound is None else (cost, cost)

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate the requested sound, or resume the prompt that is generating it.

        A sound of the requested length is kept as the server encoded it. A longer one is cut and
        kept as 24-bit WAV; notes tell where length, rate or channels differ from the request.

        Raises:
            StepError: It did not work.
        """
        if trouble := self.info.trouble(request):
            raise Permanent(trouble)
        workflow = self._workflow_for(request)

        async def fill(server: ComfyServer) -> dict[str, Any]:
            init = await self._uploaded(server, workflow, request, context)
            return workflow.filled(_values(self.settings, request, init))

        async def fetch(url: str) -> bytes:
            base_url, timeout = self._runner.base_url, self.settings.timeout
            locations = FileLocations(
                self._account, base_url, timeout=timeout, limit=MAX_BYTES, medium=SOUNDS
            )
            return await fetch_file(locations, url)

        work = Work(workflow, fill, fetch, previews=False)
        data = await self._runner.run(work, context)
        data, notes = await context.compute(fitted, data, request.seconds)
        audio = await context.keep(data, role="audio")
        notes += format_notes(audio.facts, self.info)
        return GeneratedAudio(audio=audio, seed=request.seed, notes=tuple(notes))

    def _workflow_for(self, request: AudioRequest) -> Workflow:
        takes = not self.workflow.without("init_audio")
        if request.init_audio is None:
            if takes and "init_audio" not in self.workflow.optional:
                raise Permanent(f"The workflow {self.workflow.name} needs a sound to start from.")
            return self.workflow
        others = self.settings.sound_init_workflow
        if takes or (others is not None and not others.without("init_audio")):
            return self.workflow if takes or others is None else others
        raise Permanent(
            f"The workflow {self.workflow.name} has no place for a sound to start from.",
            remedy="Name its input with comfyui.sound_slots.init_audio, or set "
            "comfyui.sound_init_workflow.",
        )

    async def _uploaded(
        self,
        server: ComfyServer,
        workflow: Workflow,
        request: AudioRequest,
        context: CallContext,
    ) -> str | None:
        """Server's name of the sound to start from, as long as the latent; None if there is none.

        The latent of such a workflow is as long as the sound, so that is cut, or silence added.
        """
        if request.init_audio is None:
            return None
        data = await context.read(request.init_audio)
        samples = whole_latent(request.seconds)
        sent: bytes | None = await context.compute(padded, data, samples / LATENT_RATE)
        if sent is None:
            raise Permanent("The sound to start from cannot be decoded.")
        name = f"safelight-{request.init_audio.hash[:16]}-{samples}.wav"
        return await server.upload(name, sent, "audio/wav")


def _values(
    settings: ComfySettings, request: AudioRequest, init: str | None
) -> dict[SlotName, Any]:
    """The value of each slot; None leaves what the workflow itself has there."""
    return {
        "prompt": request.prompt,
        "negative": request.negative_prompt,
        "seed": request.seed,
        "seconds": request.seconds,
        "latent_seconds": whole_latent(request.seconds) / LATENT_RATE,
        "steps": request.steps,
        "cfg": request.guidance,
        "sampler": request.sampler,
        "init_audio": init,
        "denoise": None if init is None else request.init_noise,
        "checkpoint": settings.sound_model,
    }
