"""Sounds as models hear them: short, and of a type that all of them take."""

from engine.audio.excerpt import excerpt
from engine.contract.chat.conversation import InlineSound


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
