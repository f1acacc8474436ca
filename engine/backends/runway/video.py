"""Capability `video` of Runway, by the package `runwayml`."""

import asyncio
from collections.abc import Iterable, Mapping

from engine.backends.common.failures import refused
from engine.backends.common.remote_video import RemoteVideoBackend, keep_clip
from engine.backends.runway.inputs import endpoint_of, fitted, seed_of, task_input
from engine.backends.runway.models import MODELS
from engine.backends.runway.replies import Task
from engine.backends.runway.settings import API_URL, KEYS, RunwaySettings
from engine.backends.runway.tasks import RunwayTasks
from engine.contract import CallContext, Permanent, Retryable, StepError
from engine.contract.video import GeneratedVideo, VideoInfo, VideoRequest


class RunwayClips(RemoteVideoBackend[RunwaySettings]):
    """Clips from Runway. A task is found again by its id.

    A call that is cut off leaves its task to the next one. That of a cancelled job is deleted if
    it still waits; Runway gives no credits back for one that runs.
    """

    name = "runway"
    keys, package, module = KEYS, "runwayml", "runwayml"
    url = API_URL

    def __init__(self, settings: RunwaySettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment)
        self._model = model = MODELS[settings.model]
        self.info = VideoInfo(
            name=self.name,
            model=settings.model,
            version="1",
            lane=settings.lane(self.name, settings.model),
            paid=True,
            resumable=True,
            limits=settings.limits,
            price_names=("runway.price_per_video_second=...",),
            client=self.package,
            lengths=model.lengths,
            sizes=model.sizes,
            takes=model.takes,
        )

    def price_factor(self, request: VideoRequest) -> float:
        """Return the price of a clip as a multiple of that of a silent one."""
        return self._model.sound_price if request.sound and self._model.sound else 1.0

    def usual_factors(self) -> Iterable[tuple[float, float]]:
        """Return lengths in seconds and price factors between which all clips are."""
        lengths = self._model.lengths
        return (lengths[0], 1.0), (lengths[-1], self._model.sound_price)

    def refuse_trouble(self, request: VideoRequest) -> None:
        """Refuse a request that the model cannot fulfil, before it costs anything.

        Raises:
            Permanent: The length is not legal, or an image is missing or too many.
        """
        super().refuse_trouble(request)
        endpoint_of(self._model, self.settings.model, request)

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate the requested clip, or resume the task that is generating it.

        Raises:
            OutcomeUnknown: The task was sent, and whether Runway took it is not known.
            StepError: It did not work.
        """
        self.refuse_trouble(request)
        settings, asks = self.settings, self.asks(request)
        async with RunwayTasks(settings, self._account, self.address, self._key, asks=asks) as api:
            if not (id_ := context.request_id):
                body = await task_input(settings, self._model, request, context)
                id_ = await api.submit(endpoint_of(self._model, settings.model, request), body)
                await context.submitted(id_)
            try:
                ended = await api.wait(id_, context.progress)
            except asyncio.CancelledError:
                if context.withdrawn:
                    await api.withdraw(id_)
                raise
        await context.charged(self._cost(ended, request))
        url = self._clip_of(ended)
        context.progress(1.0, "fetching the clip")
        data = await self.download(url, settings.download_hosts)
        seed = seed_of(request) if self._model.seed else None
        result = await keep_clip(data, request, context, seed=seed)
        return result.model_copy(update={"notes": (*result.notes, *self._notes(request))})

    def _cost(self, ended: Task, request: VideoRequest) -> int:
        if (spent := ended.cost.credits) is not None:
            return self.settings.credit_cost(spent)
        return (self.worst_cost(request) or 0) if ended.status == "SUCCEEDED" else 0

    def _notes(self, request: VideoRequest) -> list[str]:
        if fitted(request.prompt, most := self._model.max_prompt) == request.prompt:
            return []
        return [f"Runway takes {most} characters, so the end of the prompt was left out."]

    def _clip_of(self, ended: Task) -> str:
        if ended.status == "SUCCEEDED" and ended.clip:
            return ended.clip
        raise self._failure(ended)

    def _failure(self, ended: Task) -> StepError:
        if ended.is_refusal:
            return refused(self._account, ended.reason)
        words = self._account.say(ended.reason) or "it says no more."
        if ended.status == "SUCCEEDED":
            return Permanent(f"{self.settings.model} returned no clip: {words}")
        if ended.status == "CANCELLED":
            return Retryable("The task was cancelled at Runway.", resubmit=True)
        message = f"Runway could not make the clip: {words}"
        return Permanent(message) if ended.is_our_fault else Retryable(message, resubmit=True)
