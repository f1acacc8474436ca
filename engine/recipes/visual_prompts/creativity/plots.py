"""Plots of a corpus as PNG: tempo, key, mood, and convergent against divergent prompts."""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.audio.features import PITCH_CLASSES
from engine.recipes.visual_prompts.creativity.documents import (
    MODES,
    ScoredSample,
    of_mode,
    tempo_of,
    values_of,
)
from engine.recipes.visual_prompts.creativity.model import DIMENSIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"convergent": "#2f6f9f", "divergent": "#c8643c"}
_GREY = "#5f6b76"
_SIZE = (7.2, 4.0)
_DPI = 120


def _tempo(axes: "Axes", samples: Sequence[ScoredSample]) -> None:
    tempi = [tempo for sample in samples if (tempo := tempo_of(sample)) is not None]
    axes.hist(tempi, bins=range(30, 261, 10), color=_GREY, edgecolor="white")
    if tempi:
        axes.set_xlim(min(*tempi, 60) - 10, max(*tempi, 180) + 10)
    axes.set(title="Tempo", xlabel="beats per minute", ylabel="samples")


def _key(axes: "Axes", samples: Sequence[ScoredSample]) -> None:
    counts = Counter((s.music.get("key"), s.music.get("tonality")) for s in samples)
    below = [0] * len(PITCH_CLASSES)
    for mode, colour in (("major", "#d9a441"), ("minor", "#4d5a8c")):
        heights = [counts[tonic, mode] for tonic in PITCH_CLASSES]
        axes.bar(PITCH_CLASSES, heights, bottom=below, color=colour, label=mode)
        below = [one + more for one, more in zip(below, heights, strict=True)]
    axes.legend(frameon=False)
    axes.set(title="Key", ylabel="samples")


def _mood(axes: "Axes", samples: Sequence[ScoredSample]) -> None:
    known = [s for s in samples if s.valence is not None and s.arousal is not None]
    if not known:
        return _moods_by_word(axes, samples)
    axes.axhline(0, color="#c5ccd3", linewidth=0.8)
    axes.axvline(0, color="#c5ccd3", linewidth=0.8)
    for mode, colour in (("major", "#d9a441"), ("minor", "#4d5a8c"), (None, _GREY)):
        chosen = [s for s in known if _tonality(s) == mode]
        if chosen:
            axes.scatter(
                [s.valence or 0.0 for s in chosen],
                [s.arousal or 0.0 for s in chosen],
                color=colour,
                alpha=0.7,
                label=mode or "no key",
            )
    axes.legend(frameon=False)
    axes.set(title="Mood", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    axes.set(xlabel="valence", ylabel="arousal")
    return None


def _tonality(sample: ScoredSample) -> str | None:
    tonality = sample.music.get("tonality")
    return tonality if tonality in ("major", "minor") else None


def _moods_by_word(axes: "Axes", samples: Sequence[ScoredSample]) -> None:
    counts = Counter(str(s.music.get("mood") or "unknown")[:40] for s in samples).most_common(12)
    labels = [label.replace("$", r"\$") for label, _ in counts]
    axes.barh(labels, [count for _, count in counts], color=_GREY)
    axes.invert_yaxis()
    axes.set(title="Mood", xlabel="samples")


def _modes(axes: "Axes", samples: Sequence[ScoredSample]) -> None:
    prompts = [prompt for sample in samples for prompt in sample.prompts]
    names = (*DIMENSIONS, "overall")
    for shift, mode in zip((-0.2, 0.2), MODES.values(), strict=True):
        columns = [list(values_of(of_mode(prompts, mode), name)) for name in names]
        places = [at + shift for at in range(len(names))]
        boxes = axes.boxplot(columns, positions=places, widths=0.32, patch_artist=True, sym=".")
        for box in boxes["boxes"]:
            box.set(facecolor=COLOURS[mode], alpha=0.75)
        for line in boxes["medians"]:
            line.set(color="black")
        axes.plot([], [], "s", color=COLOURS[mode], label=mode)
    axes.set_xticks(range(len(names)), names, rotation=20)
    axes.legend(frameon=False)
    axes.set(title="Convergent and divergent prompts", ylabel="0 to 100", ylim=(0, 100))


_PLOTS: dict[str, Callable[["Axes", Sequence[ScoredSample]], None]] = {
    "corpus_tempo.png": _tempo,
    "corpus_key.png": _key,
    "corpus_mood.png": _mood,
    "corpus_modes.png": _modes,
}
NAMES = tuple(_PLOTS)
"""Names of the plots' files."""


def plots(samples: Sequence[ScoredSample]) -> dict[str, bytes]:
    """Return the plots of a corpus as PNG by the name of their file.

    Raises:
        ImportError: matplotlib is not installed.
    """
    return {name: _drawn(draw, samples) for name, draw in _PLOTS.items()}


def _drawn(
    draw: Callable[["Axes", Sequence[ScoredSample]], None], samples: Sequence[ScoredSample]
) -> bytes:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if draw in (_tempo, _key):
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    draw(axes, samples)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
