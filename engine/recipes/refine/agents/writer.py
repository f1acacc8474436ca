"""The writer: writes the first prompt of an entry that has title, scene or mood only."""

from typing import Any

from engine.contract.agent import Agent, Rule, RuleInput
from engine.contract.backend import Request
from engine.contract.chat.answers import PromptAnswer, WrittenPrompt
from engine.contract.chat.prompt_files import fence, prompt_beside


class WriteRequest(Request):
    """Request for a prompt.

    Attributes:
        title: Title of the image, or empty.
        scene: Where and when it plays, or empty.
        mood: The feeling that it should give, or empty.
        negative_prompt: What to keep out of it.
        brief: All of it as sentences.
    """

    title: str
    scene: str
    mood: str
    negative_prompt: str
    brief: str


class FirstPrompt(WrittenPrompt):
    """A first prompt, and why it is as it is."""


def message(request: WriteRequest) -> str:
    """Return the parts of the entry that are there."""
    parts = {
        "TITLE": request.title,
        "SCENE": request.scene,
        "MOOD": request.mood,
        "KEEP OUT": request.negative_prompt,
    }
    return "\n\n".join(fence(name, text) for name, text in parts.items() if text)


def by_rule(inputs: RuleInput) -> dict[str, Any]:
    """Return the parts as sentences: without a model nothing is invented."""
    request = WriteRequest.model_validate(inputs.request)
    return {
        "prompt": request.brief,
        "negative_prompt": request.negative_prompt,
        "reason": "Title, scene and mood as sentences.",
        "author": inputs.author,
    }


WRITER = Agent(
    id="write_prompt",
    prompt=prompt_beside(__file__),
    request=WriteRequest,
    result=FirstPrompt,
    message=message,
    answer=PromptAnswer,
    finish=FirstPrompt.of,
    rule=Rule(by_rule),
)
"""Writes the first prompt from title, scene and mood."""
