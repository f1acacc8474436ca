"""Agents: a role that a model takes for a recipe, with the shapes of its data and its answer.

An agent belongs to its recipe and knows no provider. Chat backends run any agent through one
method, `structured`: they send its conversation, read an answer of its shape from the reply, and
return its result. The embedded family runs its rule instead, if it has one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from engine.contract.backend import Artifact, Request, Result
from engine.contract.chat.conversation import ChatTurn, Conversation, InlineImage, InlineSound
from engine.contract.chat.prompt_files import PromptFile

RequestT = TypeVar("RequestT", bound=Request)
ResultT = TypeVar("ResultT", bound=Result)

FIRST = "1"
"""First version of a rule."""


@dataclass(frozen=True, slots=True)
class RuleInput:
    """Input of a rule, as plain data for the process pool.

    Attributes:
        request: The agent's request as JSON data; artifacts in it are handles.
        images: Bytes of the agent's images, in order.
        strength: Factor on how far the rule goes, 1 as usual: the setting `boldness` of the
            embedded family for text, `strictness` for images.
        author: Who signs the result: backend, and rule or model with its version.
    """

    request: dict[str, Any]
    images: tuple[bytes, ...]
    strength: float
    author: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Offline rule of an agent, run by the embedded family in the process pool.

    Attributes:
        run: Function at the top of a module that returns the fields of the agent's result. It
            depends on its input alone, since the same request is answered from the store. A
            `ValueError` says that an image of the request cannot be used.
        name: Name that signs results, with the version: `builtin/rubric-1`. Empty for that of
            the embedded backend.
        version: Raised when the same input gives another result. Any but the first is part of
            every fingerprint.
    """

    run: Callable[[RuleInput], dict[str, Any]]
    name: str = ""
    version: str = FIRST


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agent(Generic[RequestT, ResultT]):
    """A role that a model takes for a recipe.

    Attributes:
        id: Name of its operation, unique in the recipe, for example `write_shot`. It is stored
            with every step and part of its fingerprint.
        prompt: Its instructions. Their version is part of every fingerprint, unless the backend
            answers by the rule.
        request: Model of its data.
        result: Model of its result.
        message: Returns the user's message; text from outside stands between fences in it.
        answer: Model of the answer that is asked of a model, or a function of the request that
            returns it.
        finish: Returns the result of an answer, a request and the author's signature.
        images: Returns the images that are sent with the message; None for an agent of text.
        sounds: Returns the sounds that are sent with the message; None for an agent that hears
            nothing. A long one is sent as its middle.
        rule: Its offline rule; None if it needs a model.
        temperature: Returns the temperature of the replies to a request, 0 to 2, or None for the
            model's own. It has to depend on the request alone, whose fingerprint it is part of.
    """

    id: str
    prompt: PromptFile
    request: type[RequestT]
    result: type[ResultT]
    message: Callable[[RequestT], str]
    answer: Callable[[RequestT], type[BaseModel]] | type[BaseModel]
    finish: Callable[[Any, RequestT, str], ResultT]
    images: Callable[[RequestT], Sequence[Artifact]] | None = None
    sounds: Callable[[RequestT], Sequence[Artifact]] | None = None
    rule: Rule | None = None
    temperature: Callable[[RequestT], float | None] | None = None

    @property
    def version(self) -> str:
        """Version of its instructions: name, number and hash."""
        return self.prompt.version

    @property
    def capability(self) -> str:
        """Name of the capability that runs it: `vision` with images, else `text`."""
        return "text" if self.images is None else "vision"

    def images_of(self, request: RequestT) -> tuple[Artifact, ...]:
        """Return the images that are sent with a request's message."""
        return () if self.images is None else tuple(self.images(request))

    def sounds_of(self, request: RequestT) -> tuple[Artifact, ...]:
        """Return the sounds that are sent with a request's message."""
        return () if self.sounds is None else tuple(self.sounds(request))

    def shape_of(self, request: RequestT) -> type[BaseModel]:
        """Return the model of the answer to a request."""
        answer: Any = self.answer
        shape: type[BaseModel] = answer if isinstance(answer, type) else answer(request)
        return shape

    def conversation(
        self,
        request: RequestT,
        images: Sequence[InlineImage] | None = None,
        sounds: Sequence[InlineSound] | None = None,
    ) -> Conversation:
        """Return the conversation that a request begins with.

        Args:
            request: The request.
            images: Its images as they are sent. Without them, empty ones stand in their place,
                as for an estimate.
            sounds: Its sounds, likewise.
        """
        if images is None:
            images = [InlineImage(b"", image.media_type) for image in self.images_of(request)]
        if sounds is None:
            sounds = [InlineSound(b"", sound.media_type) for sound in self.sounds_of(request)]
        turn = ChatTurn("user", self.message(request), tuple(images), tuple(sounds))
        heat = None if self.temperature is None else self.temperature(request)
        return Conversation(self.prompt.text, (turn,), self.shape_of(request), heat)


AnyAgent = Agent[Any, Any]
