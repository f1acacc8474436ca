"""Documents of iterations: prompt, critique, score and image of each turn of a job."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.clock import seconds_between
from db.rows import CritiqueRow, IterationRow, PromptRow, StepRow
from engine.client.documents.files import stored_path
from engine.config.paths import WorkspacePaths
from engine.kinds.registry import kinds
from engine.text.amounts import dollars


class Turns:
    """Rows of each iteration of a job, whatever its recipe calls its steps."""

    def __init__(
        self,
        paths: WorkspacePaths,
        outputs: list[str],
        steps: list[StepRow],
        critiques: Mapping[int, CritiqueRow],
        prompts: list[PromptRow],
    ) -> None:
        self._paths = paths
        self._outputs = {Path(path).name: path for path in reversed(outputs)}
        self._steps = [step for step in steps if step.superseded_at is None]
        self._critiques = critiques
        self._prompts = prompts

    def document(self, turn: IterationRow) -> dict[str, Any]:
        """Return an iteration as plain data."""
        steps = [step for step in self._steps if step.scope == turn.scope]
        critique = next((self._critiques[s.id] for s in steps if s.id in self._critiques), None)
        prompt, negative = _asked(steps)
        version = self._version(prompt)
        return {
            "number": turn.number,
            "scope": turn.scope,
            "prompt": prompt,
            "negative_prompt": negative,
            "author": version.author if version else None,
            "reason": version.reason if version else None,
            "score": turn.score,
            "critique": critique.text if critique else None,
            "missing": json.loads(critique.missing) if critique else [],
            "measurements": json.loads(critique.measurements) if critique else {},
            "image": self._image(turn),
            "artifact": turn.artifact,
            "cost_usd": dollars(turn.cost),
            "seconds": _sum_seconds(steps),
        }

    def _version(self, prompt: str | None) -> PromptRow | None:
        """Return the version that has a prompt's text; the newest of equal ones."""
        return next((p for p in reversed(self._prompts) if p.text == prompt), None)

    def _image(self, turn: IterationRow) -> str | None:
        """Return the path of the image in the results folder, else of the stored file."""
        if turn.artifact is None:
            return None
        endings = kinds().of("image").suffixes.values()
        names = (f"iteration_{turn.number}{ending}" for ending in endings)
        written = next((self._outputs[name] for name in names if name in self._outputs), None)
        if written is not None and "/" not in turn.scope:
            return written
        return stored_path(self._paths, turn.artifact)


def _asked(steps: list[StepRow]) -> tuple[str | None, str | None]:
    """Return prompt and negative prompt of the first step of a scope that has one."""
    for step in steps:
        request = json.loads(step.request)
        if isinstance(request, dict) and isinstance(request.get("prompt"), str):
            return request["prompt"], request.get("negative_prompt") or ""
    return None, None


def _sum_seconds(steps: list[StepRow]) -> float:
    spent = (seconds_between(step.started_at, step.finished_at) or 0.0 for step in steps)
    return round(sum(spent), 3)
