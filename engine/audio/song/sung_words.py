"""Words that are sung and their times, by a Whisper model on this machine (faster-whisper).

The package and its weights are optional, and nothing is fetched: the weights are those of the
hub's cache or of a folder. What is missing is reported as a sentence.
"""

from typing import TYPE_CHECKING, Any

from engine.audio.resampling import resampled
from engine.audio.song.lyrics import Word, cleaned
from engine.audio.sound import Sound

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "Systran/faster-whisper-small"
"""Repository of the weights that are used by default."""

RATE = 16_000
"""Sample rate in Hz that the models hear."""

MAX_WORDS = 20_000
"""Maximum number of words of a song."""

_LEAST_SURE = 0.2


class WordsUnavailableError(RuntimeError):
    """Words that cannot be heard on this machine; the message is a sentence."""


def sung_words(sound: Sound, model: str = MODEL) -> tuple[Word, ...]:
    """Return the words of a song with their times, in order.

    Args:
        sound: The song.
        model: Repository of the weights on the hub, or the path of their folder.

    Raises:
        WordsUnavailableError: The package or the weights are missing, or the model failed.
    """
    import numpy as np

    whisper = _loaded(model)
    samples = np.nan_to_num(
        resampled(sound.mono(), sound.sample_rate, RATE), posinf=0.0, neginf=0.0
    )
    try:
        segments, _ = whisper.transcribe(
            samples.astype(np.float32),
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        return tuple(_words(segments, sound.seconds))
    except (RuntimeError, ValueError, OSError) as error:
        raise WordsUnavailableError(
            f"The times of the words are not known: the model failed ({type(error).__name__})."
        ) from None


def _loaded(model: str) -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError:
        raise WordsUnavailableError(
            "The times of the words are not known: the package faster-whisper is not installed. "
            "Run: pip install faster-whisper."
        ) from None
    try:
        return WhisperModel(model, device="auto", compute_type="default", local_files_only=True)
    except (RuntimeError, ValueError, OSError):
        raise WordsUnavailableError(
            "The times of the words are not known: the weights "
            f"{cleaned(model)} are not on this machine. Run: hf download {cleaned(model)}."
        ) from None


def _words(segments: Any, seconds: float) -> "Iterator[Word]":
    """Yield words that are sure enough, with times that are in order and within the song."""
    last, count = 0.0, 0
    for segment in segments:
        for word in segment.words or ():
            text = cleaned(str(word.word))
            start, end = max(last, float(word.start)), min(seconds, float(word.end))
            if not text or word.probability < _LEAST_SURE or end <= start:
                continue
            yield round(start, 3), round(end, 3), text
            last, count = start, count + 1
            if count >= MAX_WORDS:
                return
