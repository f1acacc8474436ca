"""Backends that settings name, and refusals of those that cannot do what a recipe asks."""

from inspect import getattr_static
from typing import Any, cast

from engine.contract import AnyAgent, Backend, ChatBackend
from engine.contract.backend_names import names_of
from engine.contract.recipe import AnyRecipe, operations_of
from engine.queueing.overrides import QueueError


def named_backends(recipe: AnyRecipe, settings: Any) -> dict[str, tuple[str, ...]]:
    """Return the backends of each capability, in the order in which they are tried."""
    try:
        chosen = {c: getattr(settings, c) for c in recipe.uses}
        return {c: names_of(names) for c, names in chosen.items() if names is not None}
    except ValueError as error:
        raise QueueError(f"Setting of a backend: {error}.") from None


def refuse_unable(recipe: AnyRecipe, settings: Any, capability: str, backend: Backend) -> None:
    """Refuse a backend of the right capability that lacks a feature the recipe requires."""
    if trouble := backend.refusal():
        raise QueueError(trouble)
    lacks = [
        name
        for name in operations_of(recipe.uses[capability])
        if not callable(getattr_static(backend, name, None))
    ]
    if lacks:
        operations = "run agents" if "structured" in lacks else _listed(lacks)
        raise QueueError(
            f"The recipe {recipe.name} asks its {capability} backend to {operations}, which "
            f"{backend.info.name} does not do; name another one with --set {capability}=NAME."
        )
    for agent in recipe.agents_for(settings):
        if agent.capability == capability:
            _refuse_without(agent, capability, backend)


def _refuse_without(agent: AnyAgent, capability: str, backend: Backend) -> None:
    """Refuse a backend that cannot run an agent of the recipe."""
    if problem := cast("ChatBackend", backend).refusal_of(agent):
        raise QueueError(
            f"The agent {agent.id} needs another {capability} backend: {problem}. Name one with "
            f"--set {capability}=NAME."
        )


def _listed(operations: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in operations)
