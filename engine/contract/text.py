"""Capability `text`: the agents of a recipe on a chat model, or by their rules."""

from collections.abc import Awaitable
from typing import Any, ClassVar, Protocol, runtime_checkable

from engine.contract.agent import Agent, AnyAgent, RequestT, ResultT
from engine.contract.backend import Backend, BaseBackend, Call, CallContext
from engine.contract.capability import Capability


@runtime_checkable
class ChatBackend(Backend, Protocol):
    """Runs agents. `BaseChatBackend` has all but `info` and `structured`."""

    async def structured(self, agent: AnyAgent, request: Any, context: CallContext) -> Any:
        """Run an agent.

        Args:
            agent: The agent.
            request: Its request, of its model.
            context: Context of the call.

        Returns:
            A result of the agent's model.

        Raises:
            StepError: There is no result.
        """
        ...

    def version_of(self, agent: AnyAgent) -> str:
        """Return the version of an agent's results, part of their fingerprints."""
        ...

    def refusal_of(self, agent: AnyAgent) -> str:
        """Return why it cannot run an agent, as a sentence; empty if it can."""
        ...


class BaseChatBackend(BaseBackend):
    """Base class of backends that run agents.

    A subclass sets `info` and has `structured`. For budgets it also has `worst_cost`.
    """

    def version_of(self, agent: AnyAgent) -> str:
        """Return its own version and that of the agent's instructions."""
        return f"{self.info.version}+{agent.version}"

    def refusal_of(self, agent: AnyAgent) -> str:
        """Return why it cannot run an agent: it can."""
        return ""

    def asks(self, request: Any, agent: AnyAgent | None = None) -> bool:
        """Return True: a paid call of unknown outcome is never repeated unasked."""
        return True

    def worst_cost(self, request: Any, agent: AnyAgent | None = None) -> int | None:
        """Return None: the maximum cost of a call is not known."""
        return None


class ChatProxy:
    """A chat backend as a recipe sees it.

    Attributes:
        backend: The backend.
        capability: Capability that it is used for: `text` or `vision`.
    """

    capability: ClassVar[str]

    def __init__(self, backend: ChatBackend) -> None:
        self.backend = backend

    def structured(self, agent: Agent[RequestT, ResultT], request: RequestT) -> Call[ResultT]:
        """Describe the run of an agent.

        Raises:
            ValueError: The agent needs the other capability.
        """
        if agent.capability != self.capability:
            raise ValueError(f"agent {agent.id} needs the capability {agent.capability}")

        def perform(backend: ChatBackend, data: RequestT, context: CallContext) -> Awaitable[Any]:
            return backend.structured(agent, data, context)

        return Call(self.backend, agent.id, request, agent.result, perform, agent)


class TextProxy(ChatProxy):
    """The text capability as a recipe sees it."""

    capability = "text"


TEXT = Capability("text", "Writing by a language model.", ChatBackend, TextProxy)
"""The capability `text`."""
