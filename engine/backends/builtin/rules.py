"""Capabilities `text` and `vision` of the embedded backends: the offline rules of agents."""

from typing import Any

from engine.backends.builtin.embedded import embedded_info
from engine.backends.builtin.settings import BuiltinSettings, versioned
from engine.contract.agent import FIRST, AnyAgent, RuleInput
from engine.contract.backend import BackendInfo, CallContext
from engine.contract.errors import Permanent
from engine.contract.text import BaseChatBackend


class RuleBackend(BaseChatBackend):
    """Runs the rules that agents bring along, in the process pool.

    Args:
        capability: `text` or `vision`.
        model: Name of its rules, part of every fingerprint.
        setting: Setting that says how far the rules go.
        strength: Its value.
    """

    def __init__(self, capability: str, model: str, setting: str, strength: float) -> None:
        self.strength = strength
        version = versioned("1", setting, strength)
        self.info = embedded_info(BackendInfo, capability=capability, model=model, version=version)

    def version_of(self, agent: AnyAgent) -> str:
        """Return its own version, with that of the agent's rule if that is not the first."""
        if agent.rule is None or agent.rule.version == FIRST:
            return self.info.version
        return f"{self.info.version}+{agent.id}-{agent.rule.version}"

    def refusal_of(self, agent: AnyAgent) -> str:
        """Return a sentence if an agent has no rule."""
        if agent.rule:
            return ""
        if agent.sounds is not None:
            return f"{self.info.name} takes no sounds, so it needs a model that hears"
        return f"{self.info.name} has no rule for it, so it needs a model"

    async def structured(self, agent: AnyAgent, request: Any, context: CallContext) -> Any:
        """Run the rule of an agent.

        Raises:
            Permanent: The agent has no rule, or an image of the request cannot be used.
        """
        rule = agent.rule
        if rule is None:
            raise Permanent(
                f"{self.info.name} has no rule for the agent {agent.id}.",
                remedy=f"Queue it again with a model: --set {self.info.capability}=NAME.",
            )
        images = tuple([await context.read(image) for image in agent.images_of(request)])
        author = self.info.signature(self.version_of(agent))
        if rule.name:
            author = f"{self.info.name}/{rule.name}-{rule.version}"
        inputs = RuleInput(request.model_dump(mode="json"), images, self.strength, author)
        try:
            answer = await context.compute(rule.run, inputs)
        except ValueError as error:
            if not images:
                raise
            raise Permanent(f"The image cannot be used: {error}") from error
        return agent.result.model_validate(answer)


def text_rules(settings: BuiltinSettings) -> RuleBackend:
    """Return the backend of capability `text`."""
    return RuleBackend("text", "rules-1", "boldness", settings.boldness)


def vision_rules(settings: BuiltinSettings) -> RuleBackend:
    """Return the backend of capability `vision`."""
    return RuleBackend("vision", "measures-1", "strictness", settings.strictness)
