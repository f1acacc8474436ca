"""Features of an imaginary piece in which everything is defined, and prompts for it."""

import random

from engine.audio.features import Chord, Features, Melody, Note, Section
from tests.support.music import features

_TEXT = """
A copper dusk settles over a harbour where gulls turn in slow circles, masts leaning together like
old friends while the water holds a trembling band of amber light.

Long shadows of birches cross a snowed field; a single lantern swings at the far gate, and its glow
draws warm rings on the blue drifts.

Rain beads on a tram window, the street beyond it melting into violet and gold, one passenger asleep
with a red scarf.

An octopus of brass plays chess with the moon on a table of glass, each pawn a tiny lighthouse that
blinks when it is afraid.

A library grows in a desert, shelves of salt and books of wind; a child reads a page that is a swarm
of blue moths.
"""

PROMPTS = tuple(" ".join(text.split()) for text in _TEXT.split("\n\n"))


def piece(seconds: float = 30.0) -> Features:
    """Features of a piece with sections, chords and a melody."""
    rng = random.Random(7)
    chords, notes, at = [], [], 0.0
    while at < seconds:
        end = min(seconds, at + rng.choice([1, 1.5, 2]))
        label = rng.choice(["C#m", "A", "E", "B", "F#m", "N"])
        chords.append(Chord(start=at, end=end, label=label))
        notes.append(Note(start=at, end=at + 0.45, pitch=61 + rng.choice([0, 3, 5, 7, 10, 12])))
        at = end
    third = seconds / 3
    return features("C#", "minor", 121, valence=-0.3, arousal=0.4).model_copy(
        update={
            "seconds": seconds,
            "chords": tuple(chords),
            "melody": Melody(
                notes=tuple(notes), lowest=61, highest=73, contour="mixed", density=0.7
            ),
            "sections": tuple(
                Section(start=n * third, end=(n + 1) * third, label=label)
                for n, label in enumerate("ABA")
            ),
            "warnings": ("12 samples are clipped.",),
        }
    )


def creativity(prompts: int = 5) -> dict[str, object]:
    """Measures of some prompts, as a step's result."""
    names = ("fluency", "flexibility", "originality", "elaboration", "fit", "coherence", "overall")
    rng = random.Random(11)
    measures = [
        {**{name: round(rng.uniform(20, 95), 1) for name in names}, "words": 25, "at_length": {}}
        for _ in range(prompts)
    ]
    return {"measures": measures, "mean": 61.2}
