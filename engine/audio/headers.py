"""Facts of sounds by their headers alone: WAV, FLAC, Ogg and MP3."""

from typing import BinaryIO

from engine.audio.facts import AudioFacts
from engine.audio.flac import read_flac
from engine.audio.mp3 import looks_like_mp3, read_mp3
from engine.audio.ogg import read_ogg
from engine.audio.wav import is_wav, read_wav


def facts_of_headers(head: bytes, stream: BinaryIO, size: int) -> AudioFacts | None:
    """Return the facts of a sound; None if it is none, or a damaged one.

    Args:
        head: Its first bytes.
        stream: The whole of it, seekable.
        size: Its size in bytes.
    """
    if is_wav(head):
        wav = read_wav(stream, size)
        if wav is None:
            return None
        return AudioFacts("audio/wav", wav.sample_rate, wav.channels, wav.seconds)
    if head[:4] == b"fLaC":
        return read_flac(stream)
    if head[:4] == b"OggS":
        return read_ogg(stream, size)
    return read_mp3(stream, size) if looks_like_mp3(head) else None
