"""Report of a corpus as Markdown, with its plots beside it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.recipes.visual_prompts.creativity.documents import (
    ScoredSample,
    comparison_report,
    dataset_stats,
    tempo_of,
)
from engine.recipes.visual_prompts.creativity.model import DIMENSIONS
from engine.recipes.visual_prompts.creativity.plots import NAMES
from engine.text.terminal import clean

_ROWS = (*DIMENSIONS, "overall")
_EFFECTS = {
    "convergent_over_divergent": "convergent over divergent",
    "divergent_over_across": "divergent over across samples",
    "convergent_over_across": "convergent over across samples",
}


def corpus_report(
    samples: Sequence[ScoredSample], *, errors: int = 0, images: Sequence[str] = NAMES
) -> str:
    """Return the report of a corpus.

    Args:
        samples: The samples with their prompts.
        errors: Number of samples that failed and are not among them.
        images: Names of the plots beside the report; empty for none.
    """
    return (
        "\n".join(
            [
                "# Prompts and their creativity",
                "",
                *_counts(samples, errors),
                *[line for name in images for line in (f"![{name.split('.')[0]}]({name})", "")],
                *_modes(comparison_report(samples)),
                *_correlations(dataset_stats(samples)),
            ]
        ).rstrip("\n")
        + "\n"
    )


def _counts(samples: Sequence[ScoredSample], errors: int) -> Iterator[str]:
    prompts = [prompt for sample in samples for prompt in sample.prompts]
    yield f"{len(samples)} samples, {len(prompts)} prompts; {errors} samples with errors."
    yield ""
    tempi = [tempo for sample in samples if (tempo := tempo_of(sample)) is not None]
    if tempi:
        yield f"Tempo: {min(tempi):.1f} to {max(tempi):.1f} beats per minute."
        yield ""
    moods = Counter(str(sample.music.get("mood") or "unknown") for sample in samples)
    if moods:
        listed = (f"{_plain(mood)} ({count})" for mood, count in moods.most_common(8))
        yield f"Moods: {'; '.join(listed)}."
        yield ""


def _modes(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## Convergent and divergent prompts"
    yield ""
    yield "Numbers are 0 to 100. Differences are divergent less convergent."
    yield ""
    yield "| | convergent | divergent | difference | Hedges's g | Cliff's delta | paired dz |"
    yield "|---|---|---|---|---|---|---|"
    for name in _ROWS:
        row = report["dimensions"][name]
        cells = [
            _spread(row["convergent"]),
            _spread(row["divergent"]),
            _signed(row["difference"], 1),
            _signed(row["hedges_g"]),
            _signed(row["cliffs_delta"]),
            _signed(row["within_samples"]["dz"]),
        ]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    if report["word_overlap"]:
        yield from _overlap(report["word_overlap"])


def _overlap(overlap: Mapping[str, Any]) -> Iterator[str]:
    yield "## Shared words"
    yield ""
    yield "Jaccard index of the word sets of two prompts."
    yield ""
    yield "| pairs | mean | standard deviation | number |"
    yield "|---|---|---|---|"
    for name in ("within_convergent", "within_divergent", "across_samples"):
        row = overlap[name]
        mean, std = _number(row["mean"], 3), _number(row["std"], 3)
        yield f"| {name.replace('_', ' ')} | {mean} | {std} | {row['n']} |"
    yield ""
    yield "| effect | difference | Hedges's g | Cliff's delta |"
    yield "|---|---|---|---|"
    for name, label in _EFFECTS.items():
        row = overlap["effects"][name]
        cells = (
            _signed(row["difference"], 3),
            _signed(row["hedges_g"]),
            _signed(row["cliffs_delta"]),
        )
        yield f"| {label} | {' | '.join(cells)} |"
    yield ""


def _correlations(stats: Mapping[str, Any]) -> Iterator[str]:
    yield "## Correlation with the music"
    yield ""
    yield "Pearson's r of samples, with its 95 % interval."
    yield ""
    numbers = list(stats["correlations"])
    yield f"| | {' | '.join(numbers)} |"
    yield f"|---|{'---|' * len(numbers)}"
    for name in _ROWS:
        cells = [_interval(stats["correlations"][number][name]) for number in numbers]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _plain(text: str) -> str:
    """Return text of one line that holds no markup."""
    kept = (letter if letter.isalnum() or letter in " ,-" else " " for letter in clean(text, 60))
    return "".join(kept).strip()


def _interval(row: Mapping[str, Any]) -> str:
    if row["r"] is None:
        return "not defined"
    if row["low"] is None:
        return _signed(row["r"])
    return f"{_signed(row['r'])} ({_signed(row['low'])} to {_signed(row['high'])})"


def _spread(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "none"
    return f"{row['mean']:.1f}" + (f" ± {row['std']:.1f}" if row["std"] is not None else "")


def _number(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None, digits: int = 2) -> str:
    return "none" if value is None else f"{value:+.{digits}f}"
