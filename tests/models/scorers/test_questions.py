"""Yes/no questions to the model of VQAScore: its numbers, and what has none."""

import pytest

from engine.contract import Permanent
from engine.contract.score import AskRequest, ScoreProxy
from engine.models.scorers.vqa_prompts import opposite
from tests.models.scorers import references
from tests.models.scorers.conftest import FILES, IMAGES, Load, Models
from tests.models.scorers.test_local_backend import MakeBackend, backend, context
from tests.support.in_process import InProcessContext, QuietDesk

__all__ = ["backend", "context"]

QUESTIONS = ("Is the barn red?", "Is there <image> a barn?")
ASKED = ("Is the barn red? Please answer yes or no.", "Is there   a barn? Please answer yes or no.")


@pytest.mark.parametrize("model", ["blip2", "instructblip"])
def test_a_yes_is_weighed_against_a_no(models: Models, loaded: Load, model: str) -> None:
    folder = getattr(models, model)
    host = loaded("vqascore", vqascore=folder, vqascore_template="plain")
    (answer,) = host.run("ask", [{"images": FILES[:1], "questions": [*QUESTIONS]}], QuietDesk())
    for question, value in zip(ASKED, answer["values"][0], strict=True):
        yes, no = (references.vqascore(folder, IMAGES[0], question, w) for w in ("Yes", "No"))
        assert value == pytest.approx(yes / (yes + no), abs=2e-5)


def test_an_image_that_cannot_be_read_has_no_answers(loaded: Load) -> None:
    task = {"images": [FILES[0], b"GIF89a"], "questions": [*QUESTIONS]}
    (answer,) = loaded("vqascore").run("ask", [task], QuietDesk())
    assert all(0 < value < 1 for value in answer["values"][0])
    assert answer["values"][1] == [None, None]
    assert answer["notes"][0] == ""
    assert answer["notes"][1].startswith("The image cannot be read: ")


async def test_questions_load_the_model_that_answers_them_alone(
    backend: MakeBackend, context: InProcessContext
) -> None:
    request = AskRequest(images=(context.give(FILES[0]),), questions=QUESTIONS)
    answer = await backend().ask(request, context)
    assert context.tasks[0].model.name == "vqascore"
    assert backend().info.answers
    assert "llava" in answer.scorer
    assert len(answer.values[0]) == 2


async def test_a_backend_without_the_model_says_how_to_have_it(
    backend: MakeBackend, context: InProcessContext
) -> None:
    one = backend(scorers=("aesthetic",))
    assert not one.info.answers
    request = AskRequest(images=(context.give(FILES[0]),), questions=QUESTIONS)
    with pytest.raises(Permanent, match="does not score by vqascore"):
        await one.ask(request, context)


async def test_a_scorer_that_answers_nothing_says_so(context: InProcessContext) -> None:
    from engine.backends.builtin.score import Measurer
    from engine.backends.builtin.settings import BuiltinSettings

    call = ScoreProxy(Measurer(BuiltinSettings())).ask([context.give(FILES[0])], QUESTIONS)
    with pytest.raises(Permanent, match="builtin scores images and answers no questions"):
        await call.perform(call.backend, call.request, context)


@pytest.mark.parametrize(
    ("yes", "no"), [("Yes", "No"), ("yes", "no"), ("YES", "NO"), (" Yes", " No"), ("Ja", "")]
)
def test_a_no_is_written_as_the_yes(yes: str, no: str) -> None:
    assert opposite(yes) == no
