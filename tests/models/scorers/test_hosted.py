"""Scorers in a host: what they say of what cannot be scored, of themselves, and of their size."""

import re

import pytest

from engine.contract import Permanent
from engine.models.diffusion.library import precision as of_images
from engine.models.scorers.device_modules import DeviceModule, settled
from engine.models.scorers.pickscore import PickScore
from tests.models.scorers import references
from tests.models.scorers.conftest import (
    BRIEF,
    FILES,
    FOUR,
    IMAGES,
    PROMPT,
    Load,
    Models,
    raws,
    score,
)
from tests.support.in_process import QuietDesk

TASK = {"images": list(FILES), "brief": BRIEF, "prompt": PROMPT}


def test_an_image_that_cannot_be_read_has_a_note_and_no_number(loaded: Load) -> None:
    whole = {c["metric"]: raws(c) for c in score(loaded(*FOUR))}
    files = [FILES[0], b"GIF89a", FILES[1], FILES[2][:300]]
    for column in score(loaded(*FOUR), files=files):
        good, foreign, other, torn = column["marks"]
        assert [good["raw"], other["raw"]] == pytest.approx(whole[column["metric"]][:2], abs=2e-5)
        for mark in (foreign, torn):
            assert (mark["raw"], mark["value"]) == (None, None)
            assert mark["note"].startswith("The image cannot be read: ")
        assert foreign["note"].endswith("this is not an image of a known format.")


def test_a_set_without_a_readable_image_is_all_notes(loaded: Load) -> None:
    for column in score(loaded(*FOUR), files=[b"", b"x"]):
        assert [mark["raw"] for mark in column["marks"]] == [None, None]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_a_note(
    loaded: Load, monkeypatch: pytest.MonkeyPatch, bad: float
) -> None:
    monkeypatch.setattr(PickScore, "raws", lambda *_: [20.0, bad, 21.0])
    (column,) = score(loaded("pickscore"))
    assert raws(column) == [20.0, None, 21.0]
    assert column["marks"][1] == {
        "raw": None,
        "value": None,
        "note": "pickscore gave no number.",
    }


@pytest.mark.parametrize("parts", [FOUR, ("hpsv2",), ("imagereward",)])
def test_weights_that_are_no_numbers_are_notes(loaded: Load, parts: tuple[str, ...]) -> None:
    model = loaded(*parts)
    for device_module in model._device_modules():
        for parameter in device_module.module.parameters():
            parameter.data.fill_(float("nan"))
    for column in score(model):
        assert all(mark["value"] is None and mark["note"] for mark in column["marks"])


def test_a_column_says_who_scored(models: Models, loaded: Load) -> None:
    rows = {column["metric"]: column["scorer"] for column in score(loaded(*FOUR, "hpsv2"))}
    weights = re.compile(r"[\w.-]+#[0-9a-f]{12}")
    for metric, scorer in rows.items():
        assert weights.match(scorer), metric
        assert "fp32" in scorer
        assert f"map {metric}-1" in scorer
        assert str(models.root) not in scorer, "no path of this machine"
    assert "head#" in rows["aesthetic"], "the head and its hash, beside the tower"


@pytest.mark.parametrize(("computes", "chosen"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_that_only_emulates_bf16_is_not_asked_to(
    monkeypatch: pytest.MonkeyPatch, *, computes: bool, chosen: str
) -> None:
    def knows(*, including_emulation: bool = True) -> bool:
        return computes or including_emulation

    monkeypatch.setattr("torch.cuda.is_bf16_supported", knows)
    assert settled("auto", "cuda:0") == chosen
    assert str(of_images("auto", "cuda:0")).endswith("bfloat16" if computes else "float16")


@pytest.mark.parametrize("precision", ["bf16"])
def test_another_precision_is_told_and_close(loaded: Load, precision: str) -> None:
    exact, rough = (
        {c["metric"]: c for c in score(loaded(*FOUR, precision=p))} for p in ("fp32", precision)
    )
    for metric, column in rough.items():
        assert precision in column["scorer"]
        span = {"pickscore": 2.0, "vqascore": 0.02}.get(metric, 0.1)
        assert raws(column) == pytest.approx(raws(exact[metric]), abs=span)


@pytest.mark.parametrize(
    ("metric", "words", "cut"),
    [
        ("pickscore", 10, False),
        ("pickscore", 80, True),
        ("clipscore", 72, False),  # and 77 with the start, the end, and "A photo depicts"
        ("clipscore", 73, True),
        ("vqascore", 20, False),
        ("vqascore", 900, True),
        ("aesthetic", 900, False),
        ("imagereward", 3, False),
        ("imagereward", 40, True),
    ],
)
def test_a_column_says_whether_its_text_was_cut(
    loaded: Load, metric: str, words: int, cut: bool
) -> None:
    text = " ".join(["a"] * words)
    (column,) = score(loaded(metric), brief=text, prompt=text)
    assert column["cut"] is cut
    assert all(mark["raw"] is not None for mark in column["marks"])


def test_vqascore_cuts_words_and_not_the_question(models: Models, loaded: Load) -> None:
    model = loaded("vqascore", vqascore=models.instructblip)
    scorer = model.scorers[0]
    fitted = scorer._fitted("a " * 900)  # type: ignore[attr-defined]
    assert not scorer.cuts(fitted)
    assert scorer.cuts(f"{fitted} a")
    (long,), (short,) = (score(model, prompt=prompt) for prompt in ("a " * 900, fitted))
    assert (long["cut"], short["cut"]) == (True, False)
    assert raws(long) == raws(short)


def test_offloaded_one_scorer_at_a_time_is_on_the_device(
    loaded: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(*FOUR)
    before = [raws(column) for column in score(model)]
    there: set[int] = set()
    most: list[int] = []
    enter, leave = DeviceModule._enter, DeviceModule._leave

    def entered(device_module: DeviceModule) -> None:
        there.add(id(device_module))
        most.append(len(there))
        enter(device_module)

    def left(device_module: DeviceModule) -> None:
        there.discard(id(device_module))
        leave(device_module)

    monkeypatch.setattr(DeviceModule, "_enter", entered)
    monkeypatch.setattr(DeviceModule, "_leave", left)
    model.offload()
    for column, numbers in zip(score(model), before, strict=True):
        assert raws(column) == pytest.approx(numbers, abs=2e-5), "image by image now"
    assert not there
    assert max(most) == 1
    model.restore()
    assert all(not device_module.visits for device_module in model._device_modules())


def test_size_counts_each_weight_once(models: Models, loaded: Load) -> None:
    apart = loaded("clipscore").size() + loaded("aesthetic").size()
    assert loaded("clipscore", "aesthetic").size() == apart
    shared = loaded("clipscore", "aesthetic", clipscore=models.large).size()
    assert shared == loaded("aesthetic").size()
    count = sum(p.numel() for p in loaded("vqascore").scorers[0].model.parameters())  # type: ignore[attr-defined]
    assert loaded("vqascore").size() >= 4 * count


def test_a_device_that_holds_nothing_now_counts_nothing() -> None:
    import torch

    device_module = DeviceModule(torch.nn.Linear(4, 2), "cpu")
    assert device_module.size() == 4 * (4 * 2 + 2)
    device_module.device = "meta"
    assert device_module.size() == 0


def test_a_task_that_was_given_up_is_left_out(loaded: Load) -> None:
    model = loaded("pickscore")
    reporter = QuietDesk(frozenset({0}))
    left, done = model.run("score", [TASK, TASK], reporter)
    assert left is None
    assert raws(done[0]) == raws(score(model)[0])
    assert {task for task, _, _ in reporter.told} == {1}, "progress is told of the other"
    assert model.run("score", [TASK], reporter) == [None]


def test_images_are_compared_by_the_cosine_of_their_embeddings(
    models: Models, loaded: Load
) -> None:
    import torch

    model = loaded("similarity")
    task = {"images": list(FILES)}
    (answer,) = model.run("compare", [task], QuietDesk())
    vectors = torch.cat([references.embedded(models.small, image) for image in IMAGES])
    vectors = vectors / vectors.norm(dim=-1, keepdim=True)
    assert torch.allclose(torch.tensor(answer["values"]), vectors @ vectors.T, atol=1e-5)
    assert "small#" in answer["method"]


def test_sets_are_compared_apart_and_one_that_cannot_be_read_is_named(loaded: Load) -> None:
    model = loaded("similarity")
    good, bad = {"images": list(FILES)}, {"images": [FILES[0], b"no"]}
    first, second, third = model.run("compare", [good, bad, good], QuietDesk())
    assert first == third
    assert isinstance(second, Permanent)
    assert second.message.startswith("Image 2 of the set cannot be compared.")


def test_closed_it_holds_nothing(loaded: Load) -> None:
    model = loaded("pickscore", "similarity")
    model.close()
    assert model.size() == 0
