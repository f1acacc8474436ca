"""Work that scorers, images and sets have in common is done once, and changes no number."""

from typing import Any

import pytest
from PIL import Image

from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.preprocessing import ImagePreprocessing, ResizeOptions
from tests.models.scorers.conftest import BRIEF, FILES, FOUR, PROMPT, Load, Models, raws, score
from tests.support.in_process import InProcessPlace, QuietDesk

CLOSE = 2e-5


def columns_of(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    return {row["metric"]: raws(row) for row in rows}


def test_columns_and_marks_are_in_the_order_that_was_asked_for(loaded: Load) -> None:
    there = score(loaded(*FOUR))
    back = score(loaded(*reversed(FOUR)), files=FILES[::-1])
    assert [column["metric"] for column in there] == list(FOUR)
    assert [column["metric"] for column in back] == list(reversed(FOUR))
    for metric, numbers in columns_of(back).items():
        assert numbers[::-1] == pytest.approx(columns_of(there)[metric], abs=CLOSE)


@pytest.mark.parametrize("template", ["auto", "llava"])
def test_a_batch_gives_what_each_image_gives_alone(loaded: Load, template: str) -> None:
    together = columns_of(score(loaded(*FOUR, "imagereward", vqascore_template=template)))
    model = loaded(*FOUR, "imagereward", vqascore_template=template, batch=1)
    alone = [columns_of(score(model, files=[file])) for file in FILES]
    for metric, numbers in together.items():
        assert numbers == pytest.approx([one[metric][0] for one in alone], abs=CLOSE)


def test_sets_in_one_batch_give_what_each_gives_alone(loaded: Load) -> None:
    model = loaded(*FOUR, "imagereward")
    sets = [
        {"images": list(FILES), "brief": BRIEF, "prompt": PROMPT},
        {"images": [FILES[1], b"no image"], "brief": "a cup", "prompt": "A cup of tea."},
        {"images": [FILES[0]], "brief": "a hill", "prompt": "A hill with very many words on it."},
    ]
    together = model.run("score", sets, QuietDesk())
    for task, answer in zip(sets, together, strict=True):
        (alone,) = model.run("score", [task], QuietDesk())
        for one, other in zip(answer, alone, strict=True):
            assert one["metric"] == other["metric"]
            for a, b in zip(one["marks"], other["marks"], strict=True):
                assert a["raw"] == pytest.approx(b["raw"], abs=CLOSE)
                assert a["note"] == b["note"]


def test_a_tower_is_loaded_once_and_embeds_once(
    models: Models, loaded: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[int] = []
    encode = Tower._embedded

    def counted(tower: Tower, pixels: Any) -> Any:
        embedded.append(len(pixels))
        return encode(tower, pixels)

    monkeypatch.setattr(Tower, "_embedded", counted)
    place = InProcessPlace()
    model = loaded("clipscore", "aesthetic", place=place, clipscore=models.large)
    score(model)
    assert len(place.parts) == 1
    assert embedded == [len(FILES)]
    compared = loaded("similarity", place=place, similarity=models.large)
    assert len(place.parts) == 1, "the comparison uses it too"
    assert compared.size() == model.size()


def test_each_image_is_decoded_and_prepared_once(
    loaded: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    resized: list[ResizeOptions] = []
    opened: list[object] = []
    resize, open_ = ResizeOptions.__call__, Image.open

    def counted(resizing: ResizeOptions, image: Image.Image) -> Image.Image:
        resized.append(resizing)
        return resize(resizing, image)

    def counted_open(*args: Any, **options: Any) -> Image.Image:
        opened.append(args)
        return open_(*args, **options)

    model = loaded("pickscore", "clipscore", "aesthetic", "imagereward")
    monkeypatch.setattr(ResizeOptions, "__call__", counted)
    monkeypatch.setattr(Image, "open", counted_open)
    score(model)
    assert len(opened) == len(FILES)
    assert resized == [ResizeOptions(32)] * len(FILES), "four models want the same"


def test_each_text_is_encoded_once_a_tower(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded("pickscore")
    tower = model.scorers[0].tower  # type: ignore[attr-defined]
    given: list[str] = []
    encode = tower._encode_texts
    monkeypatch.setattr(
        tower, "_encode_texts", lambda texts: (given.extend(texts), encode(texts))[1]
    )
    task = {"images": list(FILES), "brief": BRIEF, "prompt": PROMPT}
    model.run("score", [task, task], QuietDesk())
    assert given == [BRIEF]


def test_recipes_differ_only_where_pixels_do() -> None:
    images = ImageBatch(FILES)
    floor, nearest = (
        ImagePreprocessing(ResizeOptions(32), 32, corner=corner) for corner in ("floor", "round")
    )
    assert not (images.pixels(floor) == images.pixels(nearest)).all(), "the rest is odd"
    assert images.pixels(floor) is images.pixels(
        ImagePreprocessing(ResizeOptions(32), 32, corner="floor")
    )
