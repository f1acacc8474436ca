"""The writer: prompts, scenes, shots and their reviews on a chat model, whoever the provider is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.agents import cinematographer, prompt_engineer, refiner, scene_writer
from engine.agents.conversation import Conversation
from engine.backends.common.chat import ChatBackend, ChatClient, ChatSettings, version_of
from engine.contract import (
    CallContext,
    Refinement,
    RefineRequest,
    Request,
    ReviewRequest,
    Scenes,
    ScenesRequest,
    Shot,
    ShotRequest,
    ShotReview,
)


class ChatTextBackend(ChatBackend):
    """Capability `text`: the refiner, and the agents of films, on a chat model."""

    def __init__(self, settings: ChatSettings, chat_client: ChatClient) -> None:
        super().__init__(settings, chat_client, "text", refiner.version())
        versions = {
            "write_scenes": version_of(settings, scene_writer.version()),
            "write_shot": version_of(settings, cinematographer.version()),
            "review_shot": version_of(settings, prompt_engineer.version()),
        }
        self.info = replace(self.info, versions=versions)

    def talk(self, request: Request) -> Conversation:
        """The conversation that a request begins with."""
        return _TOLD[type(request)](request)

    async def refine(self, request: RefineRequest, context: CallContext) -> Refinement:
        """Writes a better prompt from the history of attempts.

        Raises:
            StepError: It did not come to a prompt.
        """
        answer = await self.answer(refiner.conversation(request), refiner.RefinerAnswer, context)
        return refiner.refinement(answer, self.info.signature())

    async def write_scenes(self, request: ScenesRequest, context: CallContext) -> Scenes:
        """Splits a brief into scenes.

        Raises:
            StepError: It did not come to as many scenes as were asked for.
        """
        shape = scene_writer.script_of(request.count)
        script = await self.answer(scene_writer.conversation(request), shape, context)
        return scene_writer.scenes(script, request, self.info.signature("write_scenes"))

    async def write_shot(self, request: ShotRequest, context: CallContext) -> Shot:
        """Writes a shot's prompt, as the Cinematographer.

        Raises:
            StepError: It did not come to a prompt.
        """
        talk = cinematographer.conversation(request)
        answer = await self.answer(talk, refiner.RefinerAnswer, context)
        return cinematographer.shot(answer, self.info.signature("write_shot"))

    async def review_shot(self, request: ReviewRequest, context: CallContext) -> ShotReview:
        """Judges a shot's prompt, as the Prompt Engineer.

        Raises:
            StepError: It did not come to five scores.
        """
        talk = prompt_engineer.conversation(request)
        verdict = await self.answer(talk, prompt_engineer.ReviewAnswer, context)
        return prompt_engineer.review(verdict, request, self.info.signature("review_shot"))


_TOLD: Mapping[type[Request], Callable[[Any], Conversation]] = {
    RefineRequest: refiner.conversation,
    ScenesRequest: scene_writer.conversation,
    ShotRequest: cinematographer.conversation,
    ReviewRequest: prompt_engineer.conversation,
}
"""What a writer is told first for each request."""
