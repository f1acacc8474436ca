"""The evaluator: looks at an image and says how well it answers a brief."""

from typing import Annotated

from pydantic import Field

from engine.agents.conversation import ChatTurn, Conversation, InlineImage
from engine.agents.prompt_files import fence, prompt_file
from engine.agents.replies import Answer, CleanText, Number, TextList, other_scale
from engine.contract import EvaluateRequest, Evaluation


class EvaluatorAnswer(Answer):
    """The evaluator's answer. The score comes last, after what it rests on."""

    description: Annotated[CleanText, Field(min_length=1, max_length=8000)]
    missing: Annotated[TextList, Field(max_length=50)]
    reasons: Annotated[TextList, Field(min_length=1, max_length=50)]
    score: Annotated[Number, Field(ge=0, le=100, allow_inf_nan=False)]

    def doubt(self, *, asked: bool) -> str:
        """Ask about a score on another scale; one of at least 1 is accepted if repeated."""
        if asked and self.score >= 1:
            return ""
        scale = other_scale([self.score])
        return f"{scale}; where {self.score:g} of 100 is meant, give it again." if scale else ""


def version() -> str:
    """Version of what the evaluator is told, part of every fingerprint that rests on it."""
    return prompt_file("evaluator").version


def conversation(request: EvaluateRequest, image: InlineImage) -> Conversation:
    """What the evaluator is told about one image.

    Args:
        request: The brief and the image's handle.
        image: The image as it is sent.
    """
    text = f"The image is attached. The brief it was made from:\n\n{fence('BRIEF', request.brief)}"
    return Conversation(
        prompt_file("evaluator").text, (ChatTurn("user", text, (image,)),), EvaluatorAnswer
    )


def evaluation(judgement: EvaluatorAnswer, scorer: str) -> Evaluation:
    """The answer as a result.

    Args:
        judgement: The evaluator's answer.
        scorer: Who judged: backend, model and version.
    """
    return Evaluation(
        score=judgement.score,
        description=judgement.description,
        reasons=tuple(judgement.reasons),
        missing=tuple(judgement.missing),
        scorer=scorer,
    )
