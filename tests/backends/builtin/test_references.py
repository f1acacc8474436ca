"""Images painted after a reference are nearer to it, by measures that the painter does not use.

The painter takes clusters of OKLab and a grid of means; what is measured here is the sliced
Wasserstein distance in CIELAB and the structural similarity of a finer grid.
"""

import pytest

from engine.backends.builtin.painter.paint import paint
from engine.contract.errors import Permanent
from engine.contract.image import ImageRequest
from engine.imaging.lineage import read
from engine.imaging.measure.likeness import Imprint, imprint, layout_similarity, palette_distance
from tests.backends.builtin.test_backends import Context, backend

REFERENCES = {
    "storm": paint("a lighthouse in a storm, navy and red", "", 100, 128, 128),
    "poppies": paint("a field of poppies at noon, scarlet and emerald", "", 101, 128, 128),
}
PROMPTS = ("a fox in a forest", "a village by a lake, afternoon", "portrait of a woman")
SEEDS = (1, 2)


def painted(prompt: str, seed: int, *references: bytes) -> Imprint:
    return imprint(paint(prompt, "", seed, 64, 64, more_references=references))


@pytest.fixture(scope="module")
def plain() -> dict[tuple[str, int], Imprint]:
    return {(prompt, seed): painted(prompt, seed) for prompt in PROMPTS for seed in SEEDS}


@pytest.mark.parametrize("name", REFERENCES)
def test_palette_and_layout_are_nearer_to_the_reference(name, plain):
    target = imprint(REFERENCES[name])
    nearer, closer, gaps = [], [], []
    for (prompt, seed), without in plain.items():
        guided = painted(prompt, seed, REFERENCES[name])
        gaps.append((palette_distance(without, target), palette_distance(guided, target)))
        nearer.append(gaps[-1][1] < gaps[-1][0])
        closer.append(layout_similarity(guided, target) > layout_similarity(without, target))
    assert sum(nearer) >= len(nearer) - 1
    assert all(closer)
    assert sum(after for _, after in gaps) < 0.85 * sum(before for before, _ in gaps)


def test_several_references_share_the_palette_and_the_first_gives_the_layout():
    first, second = REFERENCES["storm"], REFERENCES["poppies"]
    one, two = imprint(first), imprint(second)
    alone = [painted(prompt, seed, first) for prompt in PROMPTS for seed in SEEDS]
    both = [painted(prompt, seed, first, second) for prompt in PROMPTS for seed in SEEDS]

    def far(images: list[Imprint], target: Imprint) -> float:
        return sum(palette_distance(image, target) for image in images) / len(images)

    assert far(both, two) < far(alone, two)
    assert far(both, one) < far(both, two) + 10
    like_first = sum(layout_similarity(image, one) for image in both)
    like_second = sum(layout_similarity(image, two) for image in both)
    assert like_first > like_second


def test_one_reference_is_the_same_however_it_is_given():
    reference = REFERENCES["storm"]
    given = paint("hills", "", 3, 64, 64, reference)
    assert given == paint("hills", "", 3, 64, 64, more_references=[reference])
    assert given == paint("hills", "", 3, 64, 64, reference, more_references=[reference])


async def test_the_backend_follows_all_and_says_which():
    context = Context()
    stored = [await context.keep(image) for image in REFERENCES.values()]
    asked = ImageRequest(
        prompt="hills", seed=1, width=64, height=64, reference=stored[0], more_references=stored[1:]
    )
    image = await backend("image").generate(asked, context)
    lineage = read(context.kept[image.image.hash])
    assert lineage.reference == stored[0].hash
    assert lineage.more_references == (stored[1].hash,)
    alone = asked.model_copy(update={"more_references": ()})
    other = await backend("image").generate(alone, context)
    assert context.kept[other.image.hash] != context.kept[image.image.hash]
    assert b"more_references" not in context.kept[other.image.hash]


async def test_more_references_than_it_follows_are_refused():
    made, context = backend("image"), Context()
    stored = await context.keep(REFERENCES["storm"])
    many = (stored,) * (made.info.max_references + 1)
    asked = ImageRequest(prompt="hills", seed=1, width=64, height=64, more_references=many)
    with pytest.raises(Permanent, match="at most"):
        await made.generate(asked, context)
