"""Documents about the creativity of a corpus, as plain data."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.recipes.visual_prompts.creativity.likeness import word_overlap
from engine.recipes.visual_prompts.creativity.model import SCORES, WEIGHTS, Creativity
from engine.recipes.visual_prompts.creativity.numbers import (
    correlation,
    effect,
    mean,
    paired,
    rounded,
    summary,
)

MODES = {"conv": "convergent", "div": "divergent"}
"""Modes by the prefix of their keys."""


@dataclass(frozen=True)
class ScoredPrompt:
    """A prompt with its measures.

    Attributes:
        prompt_id: Number within its sample, 0 for the first.
        mode: `convergent` or `divergent`.
        temperature: Temperature that it was requested at.
        text: The prompt.
        creativity: Its measures.
        embedder: Backend, model and version of the vectors behind them; empty without any.
    """

    prompt_id: int
    mode: str
    temperature: float | None
    text: str
    creativity: Creativity
    embedder: str = ""


@dataclass(frozen=True)
class ScoredSample:
    """A sample with its prompts.

    Attributes:
        sample_idx: Number of the sample.
        music: The eight keys of its features.
        prompts: Its prompts.
        valence: Valence of its mood, -1 to 1; None if unknown.
        arousal: Arousal of its mood, -1 to 1; None if unknown.
    """

    sample_idx: int
    music: Mapping[str, Any]
    prompts: Sequence[ScoredPrompt]
    valence: float | None = None
    arousal: float | None = None


def prompt_scores(samples: Sequence[ScoredSample]) -> list[dict[str, Any]]:
    """Return `creativity_prompt_scores.json`: one flat row per prompt."""
    return [
        {
            "sample_idx": sample.sample_idx,
            "prompt_id": prompt.prompt_id,
            "mode": prompt.mode,
            "temperature": prompt.temperature,
            **prompt.creativity.scores(),
            **{f"{name}_at_length": v for name, v in prompt.creativity.at_length.items()},
            "words": prompt.creativity.words,
            "copied": prompt.creativity.copied,
            "compared": prompt.creativity.compared,
            "embedder": prompt.embedder or None,
            "undefined": dict(prompt.creativity.undefined),
        }
        for sample in samples
        for prompt in sample.prompts
    ]


def sample_summaries(samples: Sequence[ScoredSample]) -> list[dict[str, Any]]:
    """Return `creativity_sample_summaries.json`: means per sample, of all and by mode."""
    return [
        {
            "sample_idx": sample.sample_idx,
            "num_prompts": len(sample.prompts),
            **dict(sample.music),
            **_means("avg", sample.prompts),
            **{
                key: value
                for prefix, mode in MODES.items()
                for key, value in _means(prefix, of_mode(sample.prompts, mode)).items()
            },
        }
        for sample in samples
    ]


def of_mode(prompts: Iterable[ScoredPrompt], mode: str) -> list[ScoredPrompt]:
    """Return the prompts of one mode."""
    return [prompt for prompt in prompts if prompt.mode == mode]


def _means(prefix: str, prompts: Sequence[ScoredPrompt]) -> dict[str, float | None]:
    found = {}
    for name in SCORES:
        values = list(values_of(prompts, name))
        found[f"{prefix}_{name}"] = rounded(mean(values), 2) if values else None
    return found


def values_of(prompts: Iterable[ScoredPrompt], name: str) -> Iterator[float]:
    """Yield a score of prompts by its name, without those that have none."""
    for prompt in prompts:
        if (value := getattr(prompt.creativity, name)) is not None:
            yield value


def dataset_stats(samples: Sequence[ScoredSample]) -> dict[str, Any]:
    """Return `creativity_dataset_stats.json`: moments, correlations with the music, and groups.

    Correlations are of samples (mean of their prompts), so that prompts of one sample do not count
    as independent.
    """
    prompts = [prompt for sample in samples for prompt in sample.prompts]
    return {
        "total_samples": len(samples),
        "total_prompts": len(prompts),
        "weights": dict(WEIGHTS),
        **origins(prompts),
        "statistics": _moments(prompts),
        "correlations": {name: _correlations(samples, get) for name, get in _NUMBERS.items()},
        "by_mood": _by(samples, lambda sample: str(sample.music.get("mood", "unknown"))),
        "by_tonality": _by(samples, lambda sample: str(sample.music.get("tonality", "unknown"))),
        "by_mode": {mode: _moments(of_mode(prompts, mode)) for mode in MODES.values()},
    }


def origins(prompts: Iterable[ScoredPrompt]) -> dict[str, Any]:
    """Return the embedders of prompts, and how many prompts have no overall score, by reason."""
    embedders: dict[str, None] = {}
    reasons: Counter[str] = Counter()
    for prompt in prompts:
        if prompt.embedder:
            embedders[prompt.embedder] = None
        if prompt.creativity.overall is None:
            reasons[prompt.creativity.undefined.get("overall", "unknown")] += 1
    return {"embedders": list(embedders), "undefined": dict(reasons.most_common())}


def _moments(prompts: Sequence[ScoredPrompt]) -> dict[str, Any]:
    return {name: summary(list(values_of(prompts, name))) for name in SCORES}


def tempo_of(sample: ScoredSample) -> float | None:
    """Return the tempo of a sample in beats per minute; None if it is unknown."""
    tempo = sample.music.get("tempo")
    is_number = isinstance(tempo, int | float) and not isinstance(tempo, bool)
    return float(tempo) if is_number and tempo else None


_NUMBERS: dict[str, Callable[[ScoredSample], float | None]] = {
    "tempo": tempo_of,
    "valence": lambda sample: sample.valence,
    "arousal": lambda sample: sample.arousal,
}


def _correlations(
    samples: Sequence[ScoredSample], number: Callable[[ScoredSample], float | None]
) -> dict[str, Any]:
    return {name: correlation(list(_pairs(samples, number, name))) for name in SCORES}


def _pairs(
    samples: Sequence[ScoredSample], number: Callable[[ScoredSample], float | None], name: str
) -> Iterator[tuple[float, float]]:
    for sample in samples:
        values = list(values_of(sample.prompts, name))
        if values and (x := number(sample)) is not None:
            yield x, mean(values)


def _by(samples: Sequence[ScoredSample], group: Callable[[ScoredSample], str]) -> dict[str, Any]:
    groups: dict[str, list[ScoredPrompt]] = defaultdict(list)
    for sample in samples:
        groups[group(sample)] += sample.prompts
    return {name: _moments(groups[name]) for name in sorted(groups)}


def comparison_report(samples: Sequence[ScoredSample]) -> dict[str, Any]:
    """Return `creativity_comparison_report.json`: convergent against divergent prompts.

    Differences are divergent less convergent, over all prompts and paired within samples.
    """
    rows = [(sample.sample_idx, prompt) for sample in samples for prompt in sample.prompts]
    prompts = [prompt for _, prompt in rows]
    groups = {mode: of_mode(prompts, mode) for mode in MODES.values()}
    return {
        **{f"{mode}_count": len(members) for mode, members in groups.items()},
        "dimensions": {name: _comparison(samples, groups, name) for name in SCORES},
        "word_overlap": word_overlap(
            [prompt.text for prompt in prompts],
            [idx for idx, _ in rows],
            [prompt.mode for prompt in prompts],
        )
        if rows
        else None,
    }


def _comparison(
    samples: Sequence[ScoredSample], groups: Mapping[str, Sequence[ScoredPrompt]], name: str
) -> dict[str, Any]:
    values = {mode: list(values_of(members, name)) for mode, members in groups.items()}
    within = [
        mean(wide) - mean(narrow)
        for sample in samples
        if (wide := list(values_of(of_mode(sample.prompts, "divergent"), name)))
        and (narrow := list(values_of(of_mode(sample.prompts, "convergent"), name)))
    ]
    return {
        **{mode: summary(listed) for mode, listed in values.items()},
        **effect(values["divergent"], values["convergent"]),
        "within_samples": paired(within),
    }


DOCUMENTS: dict[str, Callable[[Sequence[ScoredSample]], Any]] = {
    "creativity_prompt_scores.json": prompt_scores,
    "creativity_sample_summaries.json": sample_summaries,
    "creativity_dataset_stats.json": dataset_stats,
    "creativity_comparison_report.json": comparison_report,
}
"""Documents by the name of their file."""
