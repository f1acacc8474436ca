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
from engine.models.diffusion.sound_starts import (
    LATENTS,
    init_waveforms,
    noisy_latents,
    start_level,
    starting_pipe,
)
from engine.models.diffusion.watching import CallAbandoned, Watcher
from engine.models.seeds import folded
from engine.models.sound.lengths import latents_for, samples_of

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
        self._other: Any = None
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
            waveforms, sampled = self._made(asks, reporter)
        except CallAbandoned:
            self._after_interrupt()
            return [None] * len(asks)
        sampled |= {"device": self._device}
        return [
            None
            if reporter.is_given_up(task)
            else sound_answer(waveform, ask, self._sample_rate, sampled)
            for task, (ask, waveform) in enumerate(zip(asks, waveforms, strict=True))
        ]

    def close(self) -> None:
        """Release everything that it holds."""
        self._pipe = self._other = self._scheduler = None
        del self._loras
        gc.collect()

    def _made(
        self, asks: Sequence[SoundTask], reporter: BatchReporter
    ) -> tuple[Any, dict[str, Any]]:
        """Return the waveforms of a call, and the steps and the guidance that it took."""
        watcher = Watcher(reporter, range(len(asks)), [0] * len(asks))
        watcher.refuse_unwanted()
        if asks[0].init is not None and not asks[0].sampling.init_noise:
            frames, channels = samples_of(asks[0].seconds, self._sample_rate), self._channels
            return init_waveforms(asks, channels, frames), {"steps": None, "guidance": None}
        self._loras.use(asks[0].sampling.loras)
        pipe = self._pipe if asks[0].init is None else self._starting()
        pipe.scheduler = self._sampler(asks[0])
        draw_on_processor(pipe.scheduler, [folded(ask.seed) for ask in asks])
        self._before_call(pipe)
        arguments = sound_arguments(pipe, asks, self._sample_rate)
        if asks[0].init is not None:
            arguments |= self._started(pipe, asks, arguments["generator"])
        audios = pipe(**arguments, **watcher.callback(pipe)).audios
        return audios, sampled_by(pipe, asks[0])

    # -- sounds to start from -----------------------------------------------------------------

    def _starting(self) -> Any:
        """Return the pipeline that starts from a sound."""
        if type(self._pipe).__name__ == LATENTS:
            return self._pipe
        if self._other is None:
            self._other = starting_pipe(self._pipe)
        return self._other

    def _sampler(self, ask: SoundTask) -> Any:
        sampler = sampler_like(self._scheduler, ask.sampling.sampler)
        if ask.init is None or type(self._pipe).__name__ != LATENTS:
            return sampler
        start = start_level(sampler.config, ask.sampling.init_noise)
        return type(sampler).from_config(sampler.config, sigma_max=start)

    def _started(
        self, pipe: Any, asks: Sequence[SoundTask], generators: Sequence[Any]
    ) -> dict[str, Any]:
        """Return the arguments for the sounds that a call starts from."""
        if type(pipe).__name__ == LATENTS:
            return {"latents": noisy_latents(pipe, asks, generators)}
        frames = samples_of(asks[0].seconds, self._sample_rate)
        ratio = int(pipe.vae.downsampling_ratio)
        whole = latents_for(frames, ratio) * ratio
        sounds = init_waveforms(asks, self._channels, whole)
        return {"audio": sounds, "init_noise_level": asks[0].sampling.init_noise}

    @property
    def _channels(self) -> int:
        return int(getattr(self._pipe.vae.config, "audio_channels", 1))

    def _pipes(self) -> list[Any]:
        return [pipe for pipe in (self._pipe, self._other) if pipe is not None]
