import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from engine.backends.builtin import FAMILY, BuiltinSettings
from engine.contract.backend import Artifact
from engine.contract.errors import Permanent
from engine.contract.image import ImageRequest
from engine.imaging.lineage import read
from engine.recipes.refine.agents.evaluator import EvaluateRequest
from engine.recipes.refine.agents.refiner import Attempt, RefineRequest
from tests.backends.builtin.images import flat, png
from tests.support.agents import run_agent


class Context:
    """Keeps in memory what a backend keeps, and computes in place."""

    request_id = None

    def __init__(self):
        self.kept = {}

    async def read(self, artifact):
        return self.kept[artifact.hash]

    async def keep(self, data, role="result"):
        name = f"{len(self.kept):064x}"
        self.kept[name] = data
        return Artifact(hash=name, media_type="image/png", size=len(data))

    async def submitted(self, request_id):
        raise AssertionError("nothing is submitted to anybody")

    def cost(self, microdollars):
        raise AssertionError("nothing costs anything")

    def progress(self, fraction, message=""):
        assert fraction is None or 0 <= fraction <= 1

    async def compute(self, function, *args):
        assert function.__module__.startswith("engine.")
        return function(*args)


def backend(capability, **settings):
    return FAMILY.factories[capability](BuiltinSettings(**settings), {})


@pytest.mark.parametrize("capability", ["image", "audio", "vision", "text", "score"])
def test_a_backend_needs_nothing_and_says_what_it_is(capability):
    made = backend(capability)
    assert (made.info.name, made.info.capability, made.info.lane) == (
        "builtin",
        capability,
        "builtin",
    )
    assert made.missing() == []
    assert not made.info.paid
    assert not made.info.resumable


def test_a_changed_setting_is_another_version():
    assert backend("image", freedom=0.5).info.version != backend("image").info.version
    assert backend("vision", strictness=2).info.version != backend("vision").info.version
    assert backend("text", boldness=0.5).info.version != backend("text").info.version


def test_the_family_loads_neither_numpy_nor_pillow():
    code = (
        "import sys; import engine.backends.builtin; "
        "sys.exit(any(name in sys.modules for name in ('numpy', 'PIL')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_the_loop_through_the_protocols():
    context = Context()
    request = ImageRequest(prompt="a fox at night, teal", seed=4, width=96, height=64)
    image = await backend("image").generate(request, context)
    assert image.seed == 4
    data = context.kept[image.image.hash]
    with Image.open(io.BytesIO(data)) as decoded:
        assert decoded.size == (96, 64)
    lineage = read(data)
    assert (lineage.prompt, lineage.seed, lineage.model) == (request.prompt, 4, "painter-1")
    asked = EvaluateRequest(image=image.image, brief=request.prompt)
    evaluation = await run_agent(backend("vision"), "evaluate", asked, context)
    assert evaluation.scorer == "builtin/measures-1 1"
    assert evaluation.reasons
    attempt = Attempt(prompt=request.prompt, evaluation=evaluation)
    refining = RefineRequest(brief=request.prompt, attempts=(attempt,))
    refinement = await run_agent(backend("text"), "refine", refining, context)
    assert refinement.prompt.startswith(request.prompt)
    assert refinement.author == "builtin/rules-1 1+refine-2"
    assert refinement.reason


async def test_a_reference_is_named_in_the_lineage_and_followed():
    context = Context()
    reference = await context.keep(png(flat((0.9, 0.2, 0.1))))
    request = ImageRequest(prompt="hills", seed=1, width=64, height=64, reference=reference)
    image = await backend("image").generate(request, context)
    assert read(context.kept[image.image.hash]).reference == reference.hash


async def test_a_broken_image_is_a_permanent_error():
    context = Context()
    broken = await context.keep(b"not an image")
    request = ImageRequest(prompt="hills", seed=1, width=64, height=64, reference=broken)
    with pytest.raises(Permanent, match="reference"):
        await backend("image").generate(request, context)
    asked = EvaluateRequest(image=broken, brief="hills")
    with pytest.raises(Permanent, match="image"):
        await run_agent(backend("vision"), "evaluate", asked, context)


async def test_freedom_is_a_real_choice():
    context = Context()
    request = ImageRequest(prompt="hills at noon", seed=9, width=64, height=64)
    tame, wild = [
        context.kept[
            (await backend("image", freedom=freedom).generate(request, context)).image.hash
        ]
        for freedom in (0.0, 2.0)
    ]
    decoded = [np.asarray(Image.open(io.BytesIO(data)), dtype=float) for data in (tame, wild)]
    assert np.abs(decoded[0] - decoded[1]).mean() > 5
