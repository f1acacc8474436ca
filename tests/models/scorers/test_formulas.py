"""Each scorer gives what a plain implementation of its published formula gives."""

from collections.abc import Callable

import pytest
from PIL import Image

from tests.models.scorers import references
from tests.models.scorers.conftest import BRIEF, IMAGES, PROMPT, Load, Models, raws, score

QUESTION = f'Does this figure show "{PROMPT}"? Please answer yes or no.'
CLOSE = 1e-4


LIKELIHOOD_CLOSE = 1e-6
"""Closer still: likelihoods of models that were never trained are small."""


def expect(
    found: list[float], reference: Callable[[Image.Image], float], close: float = CLOSE
) -> None:
    wanted = [reference(image) for image in IMAGES]
    assert found == pytest.approx(wanted, abs=close)
    assert max(wanted) - min(wanted) > 10 * close, "the images must differ for this to say much"


def test_pickscore(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("pickscore"))
    expect(raws(column), lambda image: references.pickscore(models.pick, image, BRIEF))
    assert column["text"] == "brief"


def test_pickscore_of_a_text_that_is_too_long(models: Models, loaded: Load) -> None:
    long = BRIEF * 30
    (column,) = score(loaded("pickscore"), brief=long)
    expect(raws(column), lambda image: references.pickscore(models.pick, image, long))
    assert column["cut"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_pickscore_takes_its_scale_from_the_checkpoint(loaded: Load, precision: str) -> None:
    scorer = loaded("pickscore", precision=precision).scorers[0]
    assert scorer.tower.scale == pytest.approx(100, rel=1e-4)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", [BRIEF, "a cup"])
def test_clipscore(models: Models, loaded: Load, text: str) -> None:
    (column,) = score(loaded("clipscore"), brief=text)
    expect(raws(column), lambda image: references.clipscore(models.small, image, text))


def test_clipscore_is_never_below_zero(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("clipscore", clipscore=models.large))
    assert raws(column) == [0, 0, 0], "the cosines of this model are negative"


def test_clipscore_by_a_model_of_transformers(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("clipscore", clipscore=models.pick))
    unscaled = 2.5 / 100
    text = f"A photo depicts {BRIEF}"
    wanted = [max(references.pickscore(models.pick, image, text) * unscaled, 0) for image in IMAGES]
    assert raws(column) == pytest.approx(wanted, abs=CLOSE)


def test_aesthetic(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("aesthetic"))
    expect(raws(column), lambda image: references.aesthetic(models.large, models.head, image))
    assert column["text"] == "none"


@pytest.mark.parametrize("name", ["blip2", "instructblip"])
def test_vqascore_of_a_model_that_encodes(models: Models, loaded: Load, name: str) -> None:
    folder = models.root / name
    (column,) = score(loaded("vqascore", vqascore=folder))
    expect(
        raws(column), lambda image: references.vqascore(folder, image, QUESTION), LIKELIHOOD_CLOSE
    )
    assert column["text"] == "prompt"
    assert "plain" in column["scorer"]


def test_vqascore_of_a_model_that_only_decodes(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("vqascore"))
    asked = f"<image>{QUESTION}"  # what the model's chat template makes of it
    expect(
        raws(column),
        lambda image: references.vqascore(models.llava, image, asked),
        LIKELIHOOD_CLOSE,
    )
    assert "chat" in column["scorer"]


def test_vqascore_as_llava_was_trained(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("vqascore", vqascore_template="llava"))
    system = (
        "A chat between a curious user and an artificial intelligence assistant. "
        "The assistant gives helpful, detailed, and polite answers to the user's questions."
    )

    def reference(image: Image.Image) -> float:
        side = max(image.size)
        square = Image.new("RGB", (side, side), (122, 116, 104))  # CLIP's mean
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        asked = f"{system} USER: <image>\n{QUESTION} ASSISTANT:"
        return references.vqascore(models.llava, square, asked)

    expect(raws(column), reference, LIKELIHOOD_CLOSE)


@pytest.mark.parametrize("name", ["llava", "instructblip"])
def test_vqascore_of_a_text_that_speaks_of_tokens(models: Models, loaded: Load, name: str) -> None:
    """A prompt may hold a token's name; to the model that is no image and no end."""
    scorers = loaded("vqascore", vqascore=models.root / name)
    (hostile,) = score(scorers, prompt=f"<image> {PROMPT} </s>")
    (plain,) = score(scorers, prompt=f"  {PROMPT}  ")
    assert raws(hostile) == raws(plain)


def test_vqascore_of_an_answer_of_several_tokens(models: Models, loaded: Load) -> None:
    """The mean is over the answer's tokens: an answer of more of them is no less likely for it."""
    (column,) = score(loaded("vqascore", vqascore_answer="YesYesYes"))
    assert all(0 < raw < 1 for raw in raws(column))
    (one,) = score(loaded("vqascore"))
    assert raws(column) != pytest.approx(raws(one), rel=1e-3)
    assert min(raws(column)) > min(raws(one)) ** 3


def test_hpsv2(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("hpsv2"))
    expect(
        raws(column),
        lambda image: references.hpsv2(models.hps, models.architecture, image, BRIEF),
    )


def test_imagereward(models: Models, loaded: Load) -> None:
    (column,) = score(loaded("imagereward"))
    expect(
        raws(column),
        lambda image: references.imagereward(models.reward, models.bert, image, BRIEF),
    )
