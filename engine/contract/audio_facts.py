"""Facts of sounds as artifacts carry them."""

from engine.audio.facts import AudioFacts
from engine.contract.kinds import Recognition


def recognition_of(facts: AudioFacts) -> Recognition:
    """Return audio facts as an artifact carries them."""
    named = {
        "seconds": round(facts.seconds, 3) if facts.seconds is not None else None,
        "sample_rate": facts.sample_rate,
        "channels": facts.channels,
    }
    return Recognition(facts.media_type, facts={k: v for k, v in named.items() if v is not None})
