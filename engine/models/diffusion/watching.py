"""Observation of a pipeline while it denoises: progress, previews, cancelled tasks."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.contract import BatchReporter
from engine.models.diffusion.previews import preview_of


class CallAbandoned(Exception):
    """All tasks of a call were cancelled."""


@dataclass
class Watcher:
    """Callback of a pipeline at the end of each step.

    Attributes:
        reporter: Receiver of the reports.
        tasks: For each image of the call, the index of its task.
        every: For each image, the steps between two previews; 0 for none.
        is_xl: True if the latents are SDXL's.
        begins: Progress of the images when the call starts, 0 to 1.
        ends: Progress after its last step, 0 to 1.
    """

    reporter: BatchReporter
    tasks: Sequence[int]
    every: Sequence[int]
    is_xl: bool = False
    begins: float = 0.0
    ends: float = 1.0
    _left: set[int] = field(default_factory=set)

    def step_ended(
        self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]
    ) -> dict[str, Any]:
        """The callback `callback_on_step_end` of diffusers.

        Raises:
            CallAbandoned: The tasks of all images were cancelled.
        """
        self._ended(step, int(pipe.num_timesteps), tensors.get("latents"))
        return {}

    def callback(self, pipe: Any) -> dict[str, Any]:
        """Return the argument that passes the callback to a pipeline; empty if it has none.

        Older pipelines, such as Stable Audio's, name their callback otherwise.
        """
        known = inspect.signature(pipe.__call__).parameters
        if "callback_on_step_end" in known:
            return {"callback_on_step_end": self.step_ended}
        if "callback" not in known:
            return {}

        def step_ended(step: int, timestep: Any, latents: Any) -> None:
            self._ended(step, len(pipe.scheduler.timesteps), latents)

        return {"callback": step_ended}

    def _ended(self, step: int, total: int, latents: Any) -> None:
        self.refuse_unwanted()
        total = max(1, total)
        done = min(1.0, (step + 1) / total)
        fraction = self.begins + (self.ends - self.begins) * done
        for place, task in enumerate(self.tasks):
            if place in self._left:
                continue
            self.reporter.progress(task, fraction, f"step {min(step + 1, total)} of {total}")
            every = self.every[place]
            if every and (step + 1) % every == 0 and step + 1 < total:
                self._show(place, latents)

    def refuse_unwanted(self) -> None:
        """Note the images whose tasks were cancelled.

        Raises:
            CallAbandoned: All of them were.
        """
        self._left |= {p for p, task in enumerate(self.tasks) if self.reporter.is_given_up(task)}
        if len(self._left) == len(self.tasks):
            raise CallAbandoned

    def _show(self, place: int, latents: Any) -> None:
        if latents is None or len(latents) != len(self.tasks):
            return
        image = preview_of(latents[place], is_xl=self.is_xl)
        if image is not None:
            self.reporter.preview(self.tasks[place], image)
