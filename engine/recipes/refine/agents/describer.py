"""The describer: says in words what is in an image, without a brief."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Artifact, Critique, Request, Result
from engine.contract.chat.answers import Answer, CleanText
from engine.contract.chat.prompt_files import prompt_beside


class DescribeRequest(Request):
    """Request for a description of an image."""

    image: Artifact


class ImageDescription(Result):
    """Description of one image.

    Attributes:
        description: Content of the image, in words.
        scorer: Author: method or model, with its version.
    """

    kind: ClassVar[str] = "critique"

    description: str
    scorer: str

    def critiques(self) -> list[Critique]:
        """Return the description as a critique."""
        return [Critique(text=self.description)]


class DescriberAnswer(Answer):
    """The describer's answer."""

    description: Annotated[CleanText, Field(min_length=1, max_length=8000)]


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return a description by measuring the image."""
    from engine.imaging.measure.image import measure
    from engine.recipes.refine.rules.critic import describe

    return {"description": describe(measure(inputs.images[0])), "scorer": inputs.author}


DESCRIBER = Agent(
    id="describe",
    prompt=prompt_beside(__file__),
    request=DescribeRequest,
    result=ImageDescription,
    message=lambda _request: "The picture is attached.",
    answer=DescriberAnswer,
    finish=lambda answer, _request, author: ImageDescription(
        description=answer.description, scorer=author
    ),
    images=lambda request: (request.image,),
    rule=Rule(by_rule),
)
"""Looks at an image and says what is in it."""
