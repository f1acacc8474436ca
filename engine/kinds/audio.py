"""Kind `audio`: WAV, FLAC, MP3, and sound in MP4 and WebM."""

from collections.abc import Sequence

from engine.audio.facts import AudioFacts
from engine.audio.flac import read_flac
from engine.audio.mp3 import looks_like_mp3, read_mp3
from engine.audio.wav import is_wav, read_wav
from engine.contract.kinds import Content, Item, Kind, Recognised
from engine.kinds import words


class AudioKind(Kind):
    """Sound."""

    name = "audio"
    title = "audio"
    suffixes = {  # noqa: RUF012 - a constant of the class
        "audio/wav": ".wav",
        "audio/flac": ".flac",
        "audio/mpeg": ".mp3",
        "audio/mp4": ".m4a",
        "audio/webm": ".weba",
    }

    def recognise(self, content: Content) -> Recognised | None:
        """Return the facts of sound by its headers."""
        head = content.head
        if not (is_wav(head) or head[:4] == b"fLaC" or looks_like_mp3(head)):
            return None
        with content.open() as stream:
            if is_wav(head):
                wav = read_wav(stream, content.size)
                found = wav and AudioFacts("audio/wav", wav.sample_rate, wav.channels, wav.seconds)
            elif head[:4] == b"fLaC":
                found = read_flac(stream)
            else:
                found = read_mp3(stream, content.size)
        return recognised(found) if found else None

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return length, sample rate and channels."""
        return sound_facts(item)


def recognised(facts: AudioFacts) -> Recognised:
    """Return audio facts as an artifact carries them."""
    named = {
        "seconds": round(facts.seconds, 3) if facts.seconds is not None else None,
        "sample_rate": facts.sample_rate,
        "channels": facts.channels,
    }
    return Recognised(facts.media_type, facts={k: v for k, v in named.items() if v is not None})


def sound_facts(item: Item) -> list[tuple[str, str]]:
    """Return length, sample rate and channels as texts, those that are known."""
    known = {key: value for key, value in item.facts.items() if not isinstance(value, str)}
    found = []
    if "seconds" in known:
        found.append(("length", words.length(known["seconds"])))
    if "sample_rate" in known:
        found.append(("sample rate", words.hertz(known["sample_rate"])))
    if "channels" in known:
        found.append(("channels", words.channels(known["channels"])))
    return found
