"""Documents about a corpus: keys, statistics against textbook values, plots and the report."""

import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from engine.recipes.visual_prompts.creativity.corpus_report import corpus_report
from engine.recipes.visual_prompts.creativity.documents import (
    DOCUMENTS,
    ScoredPrompt,
    ScoredSample,
    comparison_report,
    dataset_stats,
    prompt_scores,
    sample_summaries,
)
from engine.recipes.visual_prompts.creativity.likeness import word_overlap
from engine.recipes.visual_prompts.creativity.measure import (
    TYPICAL_WORDS,
    Sample,
    measure,
    texts_of,
)
from engine.recipes.visual_prompts.creativity.model import SCORES, Creativity
from engine.recipes.visual_prompts.creativity.numbers import correlation, effect, summary
from engine.recipes.visual_prompts.creativity.plots import NAMES, plots
from engine.text.tfidf import tfidf
from tests.recipes.visual_prompts.creativity_texts import music, varied


@pytest.fixture(scope="module")
def corpus() -> list[ScoredSample]:
    texts = varied()
    plain = [Sample(texts[at : at + 5], music(at)) for at in range(0, 40, 5)]
    measured = measure(plain, tfidf(texts_of(plain)), typical=TYPICAL_WORDS)
    return [
        ScoredSample(
            number,
            dict(sample.features or {}),
            _prompts(sample.prompts, found),
            valence=number / 8 - 0.5,
            arousal=0.5 - number / 9,
        )
        for number, (sample, found) in enumerate(zip(plain, measured, strict=True))
    ]


def _prompts(texts, found):
    return [
        ScoredPrompt(at, mode, 0.4 if mode == "convergent" else 0.8, text, one)
        for at, (text, one, mode) in enumerate(
            zip(texts, found, ["convergent"] * 3 + ["divergent"] * 2, strict=True)
        )
    ]


def marked(overall: float | None) -> Creativity:
    return Creativity.model_validate(
        {**dict.fromkeys(SCORES[:6], overall), "overall": overall, "words": 100, "copied": 0}
    )


def pair(number: int, tempo: object, low: float, high: float) -> ScoredSample:
    prompts = [
        ScoredPrompt(0, "convergent", 0.4, "a red boat", marked(low)),
        ScoredPrompt(1, "divergent", 0.8, "a blue kite", marked(high)),
    ]
    return ScoredSample(number, {"tempo": tempo, "mood": "calm", "tonality": "major"}, prompts)


def test_every_document_is_json_of_finite_numbers(corpus):
    for document in DOCUMENTS.values():
        assert json.loads(json.dumps(document(corpus), allow_nan=False))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_empty_corpus_has_documents(name):
    json.dumps(DOCUMENTS[name]([]), allow_nan=False)


def test_prompt_scores_are_flat_rows_with_the_known_names(corpus):
    rows = prompt_scores(corpus)
    assert len(rows) == 40
    known = {"originality", "elaboration", "alignment", "coherence", "overall"}
    for row in rows:
        assert {"sample_idx", "prompt_id", "mode", "temperature"} | known <= row.keys()
        assert row["alignment"] == row["fit"]
    assert rows[0]["overall_at_length"] is not None


def test_sample_summaries_are_means_of_their_prompts(corpus):
    rows, scores = sample_summaries(corpus), prompt_scores(corpus)
    own = [row for row in scores if row["sample_idx"] == 3]
    for prefix, modes in (("avg", {"convergent", "divergent"}), ("conv", {"convergent"})):
        values = [row["overall"] for row in own if row["mode"] in modes]
        assert rows[3][f"{prefix}_overall"] == pytest.approx(np.mean(values), abs=0.01)
    assert rows[3]["tempo"] == music(15)["tempo"]
    assert {f"div_{name}" for name in SCORES} <= rows[3].keys()


def test_statistics_are_those_of_numpy(corpus):
    stats, scores = dataset_stats(corpus), prompt_scores(corpus)
    values = [row["fluency"] for row in scores]
    found = stats["statistics"]["fluency"]
    assert found["mean"] == pytest.approx(np.mean(values), abs=1e-4)
    assert found["std"] == pytest.approx(np.std(values, ddof=1), abs=1e-4)
    assert (found["min"], found["max"], found["n"]) == (min(values), max(values), 40)
    means = [np.mean(values[at : at + 5]) for at in range(0, 40, 5)]
    tempi = [music(at)["tempo"] for at in range(0, 40, 5)]
    r = stats["correlations"]["tempo"]["fluency"]
    assert r["r"] == pytest.approx(np.corrcoef(tempi, means)[0, 1], abs=1e-4)
    assert r["low"] < r["r"] < r["high"]
    assert r["n"] == 8
    assert set(stats["by_tonality"]) <= {"major", "minor"}
    assert stats["by_mode"]["divergent"]["overall"]["n"] == 16


def test_a_perfect_line_correlates_by_exactly_one():
    samples = [pair(at, 60.0 + 10 * at, 10.0 * at, 10.0 * at) for at in range(6)]
    assert dataset_stats(samples)["correlations"]["tempo"]["overall"]["r"] == 1


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [([], "fewer"), ([(1, 2), (2, 3)], "fewer"), ([(1, 2), (1, 3), (1, 4)], "vary")],
)
def test_an_undefined_correlation_has_a_reason(pairs, reason):
    found = correlation(pairs)
    assert found["r"] is None
    assert reason in found["reason"]


def test_samples_without_a_tempo_or_a_mark_are_left_out():
    samples = [pair(at, tempo, 10.0 + at, 20.0) for at, tempo in enumerate([90.0, None, 120.0, 70])]
    samples[3] = pair(3, 70, None, None)
    stats = dataset_stats(samples)
    assert stats["correlations"]["tempo"]["overall"]["n"] == 2
    assert stats["statistics"]["overall"]["n"] == 6


def test_effect_sizes_by_hand():
    found = effect([2, 4, 6], [1, 2, 3])
    pooled = math.sqrt((4 + 1) / 2)
    assert found["difference"] == 2
    assert found["hedges_g"] == pytest.approx(2 / pooled * (1 - 3 / 15), abs=1e-4)
    assert found["cliffs_delta"] == pytest.approx(6 / 9, abs=1e-4)
    assert effect([1, 1], [1, 1])["hedges_g"] is None
    assert effect([], [1])["difference"] is None
    assert summary([5.0])["std"] is None


def test_cliffs_delta_is_that_of_all_pairs():
    one, other = [3.0, 5.0, 5.0, 8.0], [1.0, 5.0, 9.0]
    signs = [np.sign(x - y) for x in one for y in other]
    assert effect(one, other)["cliffs_delta"] == pytest.approx(np.mean(signs), abs=1e-4)


def test_modes_are_compared_over_all_and_within_samples():
    found = comparison_report([pair(0, 90, 10, 30), pair(1, 90, 20, 41), pair(2, 90, 30, 52)])
    row = found["dimensions"]["overall"]
    assert row["difference"] == 21
    assert row["within_samples"] == {"difference": 21, "dz": 21, "n": 3}
    assert found["convergent_count"] == found["divergent_count"] == 3


def test_word_overlap_by_group():
    texts = ["red boat lake", "red boat sea", "kite in wind", "kite over hill", "blue tram"]
    modes = ["convergent", "convergent", "divergent", "divergent", "convergent"]
    found = word_overlap(texts, [0, 0, 0, 0, 1], modes)
    assert found["within_convergent"] == {
        "mean": 0.5,
        "std": None,
        "min": 0.5,
        "max": 0.5,
        "n": 1,
    }
    assert found["within_divergent"]["mean"] == 0.2
    assert found["across_samples"] == {"mean": 0, "std": 0, "min": 0, "max": 0, "n": 4}
    assert found["ordered"] is True


def test_word_overlap_of_many_prompts_is_that_of_a_choice():
    texts = [f"word{at} word{at // 2} shared" for at in range(4000)]
    found = word_overlap(texts, [at // 4 for at in range(4000)], ["convergent"] * 4000)
    assert 1000 <= found["within_convergent"]["n"] <= 2250
    assert found["within_convergent"]["mean"] > found["across_samples"]["mean"]


def test_plots_are_images(corpus):
    found = plots(corpus)
    assert tuple(found) == NAMES
    for data in found.values():
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (864, 480)
            assert len(image.convert("RGB").getcolors(1 << 20) or ()) > 20


def test_plots_without_prompts_and_of_odd_moods_are_images():
    odd = ScoredSample(0, {"mood": "$\\frac{", "key": "H"}, [], valence=None)
    mood = ScoredSample(0, {"tonality": 3, "mood": None}, [])
    found = plots([odd, mood])
    assert all(data.startswith(b"\x89PNG") for data in found.values())


def test_the_report_has_the_figures(corpus):
    text = corpus_report(corpus, errors=2)
    assert "8 samples, 40 prompts; 2 samples with errors." in text
    assert all(f"]({name})" in text for name in NAMES)
    mean = dataset_stats(corpus)["by_mode"]["convergent"]["overall"]["mean"]
    assert f"| overall | {mean:.1f} ±" in text
    assert "| within convergent |" in text
    assert "nan" not in text


def test_the_report_of_nothing_is_short():
    assert corpus_report([], images=()).startswith("# Prompts and their creativity\n\n0 samples")


def test_the_report_keeps_text_from_outside_in_its_place():
    sample = ScoredSample(0, {"mood": "calm\n# Owned \x1b[31m <img src=x> [a](b) `c`"}, [])
    text = corpus_report([sample])
    assert "\n# Owned" not in text
    assert not set("\x1b<`") & set(text)
    assert "[a]" not in text
