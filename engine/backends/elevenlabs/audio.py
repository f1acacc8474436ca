"""Capability `audio` of ElevenLabs: one call, whose reply is the sound.

Wire format: https://elevenlabs.io/docs/api-reference/text-to-sound-effects/convert
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.audio.wav import write_wav
from engine.backends.common.download import UnusableFile, checked
from engine.backends.common.error_bodies import said_in, words_of
from engine.backends.common.failures import from_status, refused, unless_made
from engine.backends.common.posting import post
from engine.backends.common.reading import plain, word
from engine.backends.common.remote_sound import RemoteSoundBackend
from engine.backends.elevenlabs.settings import API_URL, KEYS, ElevenLabsSettings
from engine.contract import CallContext, Permanent, StepError
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio

MIN_SECONDS, MAX_SECONDS = 0.5, 30.0
"""Lengths that the models of sound effects generate."""

_REFUSALS = ("content_against_policy", "moderation", "violat")
"""Parts of names of errors about refused content."""


class ElevenLabsSounds(RemoteSoundBackend[ElevenLabsSettings]):
    """Sound effects from ElevenLabs. A call that was cut off cannot be found again."""

    name: ClassVar[str] = "elevenlabs"
    keys, package, module = KEYS, "httpx", "httpx"
    url = API_URL

    def __init__(self, settings: ElevenLabsSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment)
        self.info = AudioInfo(
            name=self.name,
            model=settings.model,
            version=_version(settings),
            lane=settings.lane(self.name, settings.model),
            paid=True,
            limits=settings.limits,
            price_names=(
                "elevenlabs.price_per_sound_second=...",
                "elevenlabs.price_per_sound=...",
            ),
            sample_rate=_rate(settings.output_format),
            min_seconds=MIN_SECONDS,
            max_seconds=MAX_SECONDS,
            max_guidance=1.0,
            takes=frozenset({"guidance", "loop"}),
        )

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate the requested sound.

        Raises:
            OutcomeUnknown: The request was sent, and the sound may have been generated.
            StepError: It did not work.
        """
        if trouble := self.info.trouble(request):
            raise Permanent(trouble)
        context.progress(None, f"{self.info.model} is generating it")
        response = await post(
            self._account,
            self.address,
            "/v1/sound-generation",
            timeout=self.settings.timeout,
            unknown=self.asks(request),
            headers={"xi-api-key": str(self._key or "none"), "accept": "audio/*"},
            params={"output_format": self.settings.output_format},
            json=self._body(request),
        )
        if response.status_code != 200:
            raise self._refusal(response, request)
        await context.charged(self.worst_cost(request) or 0)
        data = self._file(response.content, request.seconds)
        data = await checked(self._account, data, self.medium)
        return await self.keep_sound(data, request, context, seed=None)

    def _body(self, request: AudioRequest) -> dict[str, Any]:
        influence = request.guidance
        if influence is None:
            influence = self.settings.prompt_influence
        body: dict[str, Any] = {
            "text": request.prompt,
            "model_id": self.settings.model,
            "duration_seconds": request.seconds,
        }
        if influence is not None:
            body["prompt_influence"] = influence
        if request.loop:
            body["loop"] = True
        return body

    def _file(self, data: bytes, seconds: float) -> bytes:
        """Return a sound as a file; of bare samples, the length tells the number of channels."""
        if not self.settings.output_format.startswith("pcm_") or data[:4] == b"RIFF":
            return data
        rate = self.info.sample_rate
        channels = round(len(data) / (2 * rate * seconds))
        if channels not in {1, 2}:
            raise UnusableFile(f"{self._account.name} sent samples of another length.")
        return write_wav(data[: len(data) // (2 * channels) * 2 * channels], rate, channels)

    def _refusal(self, response: Any, request: AudioRequest) -> StepError:
        name, message = _said(response.content)
        if any(part in name for part in _REFUSALS):
            return refused(self._account, message)
        error = from_status(
            self._account,
            response.status_code,
            message,
            response.headers,
            exhausted=True if name == "quota_exceeded" else None,
        )
        return unless_made(error, response.status_code, unknown=self.asks(request))


def _said(body: bytes) -> tuple[str, str]:
    """Name and words of an error: `{"detail": {"status", "message"}}`, or a list of fields."""
    document = plain(body)
    detail = document.get("detail") if isinstance(document, dict) else None
    if isinstance(detail, dict):
        names = (word(detail.get(key)) for key in ("status", "code"))
        return next((name for name in names if name), ""), words_of(detail)
    if isinstance(detail, list):
        return "", "; ".join(_field(item) for item in detail if isinstance(item, dict))
    return "", word(detail) or said_in(body)


def _field(item: dict[str, Any]) -> str:
    """Words about one field of a request."""
    place = item.get("loc")
    names = ".".join(map(word, place)) if isinstance(place, list) else ""
    return f"{names}: {word(item.get('msg'))}"


def _rate(output_format: str) -> int:
    return int(output_format.split("_")[1])


def _version(settings: ElevenLabsSettings) -> str:
    influence = settings.prompt_influence
    more = "" if influence is None else f"+influence={influence:g}"
    return f"1+{settings.output_format}{more}"
