"""Sounds as models hear them: short, and of a type that all of them take."""

from collections import OrderedDict

from engine.audio.excerpt import excerpt
from engine.contract.backend import Artifact, CallContext
from engine.contract.chat.conversation import InlineSound

MAX_KEPT = 16
"""Excerpts that are kept in memory: some 30 MB."""


class Excerpts:
    """Excerpts of the sounds used last, since all prompts of a sample are about one sound."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, InlineSound] = OrderedDict()

    async def of(self, sound: Artifact, context: CallContext) -> InlineSound:
        """Return the excerpt of a sound, decoded in the process pool if it is not kept.

        Raises:
            MissingExtraError: The extra `audio` is not installed.
            SoundError: It is not a sound.
        """
        known = self._kept.get(sound.hash)
        if known is None:
            known = await context.compute(heard, sound)
        self._kept[sound.hash] = known
        self._kept.move_to_end(sound.hash)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return known


def heard(data: bytes) -> InlineSound:
    """Return a sound as it is sent: mono, 16 kHz, at most a minute of it, as WAV.

    That is some 1.9 MB, far below the providers' limits on requests, and as much as Gemini hears
    (https://ai.google.dev/gemini-api/docs/audio); OpenAI takes WAV and MP3 only.

    Args:
        data: Bytes of a sound of any format that can be decoded.

    Raises:
        MissingExtraError: The extra `audio` is not installed.
        SoundError: They are not a sound.
    """
    return InlineSound(excerpt(data), "audio/wav")
