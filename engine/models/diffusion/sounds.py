"""A loaded pipeline that generates sounds: several requests of one group in one call.

Each sound has its own noise generator, on the CPU, so that a seed gives the same sound with any
other sounds in the call and on any device.
"""

import gc
from collections.abc import Sequence
from typing import Any

from engine.contract import BatchReporter
from engine.models.diffusion.adapters import Loras
from engine.models.diffusion.residence import ResidentPipelines
from engine.models.diffusion.sound_calls import sampled_by, sound_answer, sound_arguments
from engine.models.diffusion.sound_options import SoundTask
from engine.models.diffusion.sound_samplers import draw_on_processor, sampler_like
from engine.models.diffusion.watching import CallAbandoned, Watcher
from engine.models.seeds import folded

GENERATE = "generate"
"""The one operation: payloads are `SoundTask` as dicts, answers are
`{"samples", "channels", "sample_rate", "steps", "guidance", "device", "notes"}`, with the samples
as 32-bit floats, a channel after the other."""


class SoundModel(ResidentPipelines):
    """A pipeline of sounds in a model host.

    Args:
        pipe: The text-to-audio pipeline.
        loras: Its LoRAs.
        sample_rate: Sample rate of its sounds in Hz.
        device: Device for torch.
        most: Maximum number of sounds in one call.
    """

    def __init__(self, pipe: Any, loras: Loras, sample_rate: int, device: str, most: int) -> None:
        super().__init__(device)
        self.most = most
        self._pipe = pipe
        self._loras = loras
        self._sample_rate = sample_rate
        self._scheduler = pipe.scheduler

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Generate the sounds of one group.

        Returns:
            For each its samples, the `StepError` that it failed with, or None if it was cancelled.

        Raises:
            StepError: None of them can be generated.
        """
        if operation != GENERATE:
            raise ValueError(f"no operation {operation!r}; there is {GENERATE!r}")
        asks = [SoundTask.model_validate(payload) for payload in payloads]
        try:
            waveforms = self._made(asks, reporter)
        except CallAbandoned:
            self._after_interrupt()
            return [None] * len(asks)
        sampled = sampled_by(self._pipe, asks[0]) | {"device": self._device}
        return [
            None
            if reporter.is_given_up(task)
            else sound_answer(waveform, ask, self._sample_rate, sampled)
            for task, (ask, waveform) in enumerate(zip(asks, waveforms, strict=True))
        ]

    def close(self) -> None:
        """Release everything that it holds."""
        self._pipe = self._scheduler = None
        del self._loras
        gc.collect()

    def _made(self, asks: Sequence[SoundTask], reporter: BatchReporter) -> Any:
        pipe = self._pipe
        self._loras.use(asks[0].sampling.loras)
        arguments = sound_arguments(pipe, asks, self._sample_rate)
        pipe.scheduler = sampler_like(self._scheduler, asks[0].sampling.sampler)
        draw_on_processor(pipe.scheduler, [folded(ask.seed) for ask in asks])
        watcher = Watcher(reporter, range(len(asks)), [0] * len(asks))
        watcher.refuse_unwanted()
        self._before_call(pipe)
        return pipe(**arguments, **watcher.callback(pipe)).audios

    def _pipes(self) -> list[Any]:
        return [] if self._pipe is None else [self._pipe]
