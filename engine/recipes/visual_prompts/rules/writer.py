"""Offline writer of visual prompts: the rule of the agent `write_visual_prompt`."""

import random
from collections.abc import Iterable
from typing import Any

from engine.audio.features import Features
from engine.contract.agent import RuleInput
from engine.recipes.visual_prompts.rules.grammar import sentences
from engine.recipes.visual_prompts.rules.mapping import brief, signature

ATTEMPTS = 6
"""Drafts of which the one that repeats least is taken."""

RUN = 6
"""Words of a run that should not come again within a sample."""


def write(
    features: Features, mode: str, number: int, seed: int, previous: Iterable[str] = ()
) -> str:
    """Write a prompt of 100 to 300 words of plain prose.

    The same arguments give the same prompt.

    Args:
        features: Features of the sample.
        mode: `convergent` or `divergent`.
        number: Number of the prompt within its sample, from 0.
        seed: Seed of the batch.
        previous: Earlier prompts of the sample; runs of their words are avoided.
    """
    elements = brief(features, mode, number, seed)
    earlier: set[tuple[str, ...]] = set().union(*map(_runs, previous))
    start = signature(features, seed)
    drafts = []
    for attempt in range(ATTEMPTS if earlier else 1):
        rng = random.Random(f"{start} {mode} {number} {attempt}")  # noqa: S311
        drafts.append(" ".join(sentences(elements, rng)))
    return min(drafts, key=lambda draft: len(_runs(draft) & earlier))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def write_by_rule(data: RuleInput) -> dict[str, Any]:
    """Write the prompt of a request: the fields of its result.

    A draft that is sent back for mending is replaced by a new one.
    """
    request = data.request
    previous = [*request.get("previous", ()), *filter(None, [request.get("draft")])]
    features = Features.model_validate(request["features"])
    prompt = write(features, request["mode"], request["number"], request.get("seed", 0), previous)
    return {"visual_prompt": prompt, "author": data.author}
