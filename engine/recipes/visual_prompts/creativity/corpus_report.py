"""Report of a corpus as Markdown, with its plots beside it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.recipes.visual_prompts.creativity.documents import (
    MODES,
    ScoredSample,
    comparison_report,
    dataset_stats,
    origins,
    tempo_of,
)
from engine.recipes.visual_prompts.creativity.model import DIMENSIONS
from engine.recipes.visual_prompts.creativity.plots import NAMES
from engine.text.markdown import table
from engine.text.plural import pluralize
from engine.text.terminal import clean

_ROWS = (*DIMENSIONS, "overall")
_MOST_REASONS = 5
_EFFECTS = {
    "convergent_over_divergent": "convergent over divergent",
    "divergent_over_across": "divergent over across samples",
    "convergent_over_across": "convergent over across samples",
}


def corpus_report(
    samples: Sequence[ScoredSample],
    *,
    errors: int = 0,
    images: Sequence[str] = NAMES,
    notes: Sequence[str] = (),
) -> str:
    """Return the report of a corpus.

    Args:
        samples: The samples with their prompts.
        errors: Number of samples that failed and are not among them.
        images: Names of the plots beside the report; empty for none.
        notes: Sentences about what is missing.
    """
    return (
        "\n".join(
            [
                "# Prompts and their creativity",
                "",
                *_counts(samples, errors),
                *_notes(samples, notes),
                *[line for name in images for line in (f"![{name.split('.')[0]}]({name})", "")],
                *_modes(comparison_report(samples)),
                *_correlations(dataset_stats(samples)),
            ]
        ).rstrip("\n")
        + "\n"
    )


def _counts(samples: Sequence[ScoredSample], errors: int) -> Iterator[str]:
    prompts = [prompt for sample in samples for prompt in sample.prompts]
    counts = f"{pluralize(len(samples), 'sample')}, {pluralize(len(prompts), 'prompt')}"
    yield f"{counts}; {pluralize(errors, 'sample')} with errors."
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


def _notes(samples: Sequence[ScoredSample], notes: Sequence[str]) -> Iterator[str]:
    facts = origins(prompt for sample in samples for prompt in sample.prompts)
    if facts["embedders"]:
        yield f"Similarities by {', '.join(map(_plain, facts['embedders']))}."
        yield ""
    for reason, count in list(facts["undefined"].items())[:_MOST_REASONS]:
        yield f"Not defined for {pluralize(count, 'prompt')}: {_plain(reason, 300)}."
        yield ""
    for note in notes:
        yield note
        yield ""


def _modes(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## Convergent and divergent prompts"
    yield ""
    yield "Numbers are 0 to 100. Differences are divergent less convergent."
    yield ""
    head = ("", *MODES.values(), "difference", "Hedges's g", "Cliff's delta", "paired dz")
    yield from table(head, (_mode_row(name, report["dimensions"][name]) for name in _ROWS))
    if report["word_overlap"]:
        yield from overlap_tables(report["word_overlap"])


def _mode_row(name: str, row: Mapping[str, Any]) -> list[str]:
    return [
        name,
        *(_spread(row[mode]) for mode in MODES.values()),
        _signed(row["difference"], 1),
        _signed(row["hedges_g"]),
        _signed(row["cliffs_delta"]),
        _signed(row["within_samples"]["dz"]),
    ]


def overlap_tables(overlap: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section about the words that prompts share, from `word_overlap`."""
    yield "## Shared words"
    yield ""
    yield "Jaccard index of the word sets of two prompts."
    yield ""
    groups = ("within_convergent", "within_divergent", "across_samples")
    yield from table(
        ("pairs", "mean", "standard deviation", "number"),
        ((name.replace("_", " "), *_group_cells(overlap[name])) for name in groups),
    )
    yield from table(
        ("effect", "difference", "Hedges's g", "Cliff's delta"),
        ((label, *_effect_cells(overlap["effects"][name])) for name, label in _EFFECTS.items()),
    )


def _group_cells(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return _number(row["mean"], 3), _number(row["std"], 3), str(row["n"])


def _effect_cells(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return _signed(row["difference"], 3), _signed(row["hedges_g"]), _signed(row["cliffs_delta"])


def _correlations(stats: Mapping[str, Any]) -> Iterator[str]:
    yield "## Correlation with the music"
    yield ""
    yield "Pearson's r of samples, with its 95 % interval."
    yield ""
    numbers = stats["correlations"]
    yield from table(
        ("", *numbers),
        ((name, *(_interval(numbers[number][name]) for number in numbers)) for name in _ROWS),
    )


def _plain(text: str, limit: int = 60) -> str:
    """Return text of one line that holds no markup."""
    kept = (
        letter if letter.isalnum() or letter in " ,-/.:;" else " " for letter in clean(text, limit)
    )
    return "".join(kept).strip(" .")


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
