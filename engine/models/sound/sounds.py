"""A loaded model that generates sounds: several requests of one group in one call."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engine.contract import BatchReporter, Permanent
from engine.models.hosts.devices import processor_name
from engine.models.hosts.memory import in_words, memory_of
from engine.models.seeds import folded
from engine.models.sound import library
from engine.models.sound.adapters import SoundLoras
from engine.models.sound.lengths import cut, latents_for, samples_of
from engine.models.sound.model_config import ModelFacts
from engine.models.sound.options import InitSound, SoundAnswer, SoundLora, SoundTask
from engine.models.sound.previews import preview_of
from engine.models.sound.sampling import Sampler, Schedule, schedule_of

GENERATE = "generate"
"""The one operation: payloads are `SoundTask` as dicts, answers are `SoundAnswer` as dicts."""


class CallAbandoned(Exception):
    """All tasks of a call were cancelled."""


@dataclass(frozen=True, slots=True)
class LoraSet:
    """LoRAs of a model.

    Attributes:
        loras: Activates them.
        fixed: Those that are part of the model whatever a request asks for.
    """

    loras: SoundLoras
    fixed: tuple[SoundLora, ...] = ()

    def use(self, wanted: Sequence[SoundLora]) -> None:
        """Activate the fixed ones, and these."""
        self.loras.use((*self.fixed, *wanted))


class SoundModel:
    """A model of stable-audio-tools in a model host.

    Args:
        model: The model, on its device.
        facts: Its facts.
        loras: Its LoRAs.
        device: Device for torch.
        most: Maximum number of sounds in one call.
    """

    def __init__(
        self, model: Any, facts: ModelFacts, loras: LoraSet, device: str, most: int
    ) -> None:
        self.most = most
        self.facts = facts
        self._model = model
        self._loras = loras
        self._device = device
        self._is_offloaded = False

    # -- sounds -----------------------------------------------------------------------------

    def run(self, operation: str, payloads: Sequence[Any], reporter: BatchReporter) -> list[Any]:
        """Generate the sounds of one group.

        Returns:
            For each a `SoundAnswer` as a dict, the `StepError` that it failed with, or None if it
            was cancelled.

        Raises:
            StepError: None of them can be generated.
        """
        if operation != GENERATE:
            raise ValueError(f"no operation {operation!r}; there is {GENERATE!r}")
        tasks = [SoundTask.model_validate(payload) for payload in payloads]
        schedule = schedule_of(tasks[0].sampling, self.facts.objective)
        self._loras.use(tasks[0].sampling.loras)
        watcher = Watcher(reporter, len(tasks), schedule, tasks[0].preview_every, self._shown)
        watcher.begin(device_in_words(self._device))
        try:
            latents = self._latents(tasks, schedule, watcher)
            return [self._answer(row, latents, task, schedule) for row, task in enumerate(tasks)]
        except CallAbandoned:
            return [None] * len(tasks)

    def _latents(self, tasks: Sequence[SoundTask], schedule: Schedule, watcher: "Watcher") -> Any:
        watcher.refuse_unwanted()
        conditions = self._conditions(tasks, schedule)
        samples = samples_of(tasks[0].seconds, self.facts.sample_rate)
        length = latents_for(samples, self.facts.ratio, self.facts.patch)
        init = self._init(tasks, length)
        with self._working(self._model.model):
            sampler = Sampler(self._model, schedule, conditions, self._device, watcher.step_ended)
            shape = (int(self._model.io_channels), length)
            return sampler.latents([task.seed for task in tasks], shape, init)

    def _conditions(self, tasks: Sequence[SoundTask], schedule: Schedule) -> dict[str, Any]:
        """Return what the denoiser is given, in its own numbers."""
        import torch

        wanted = [self._described(task.prompt, task.seconds) for task in tasks]
        model = self._model
        with torch.inference_mode(), library.quiet(), self._working(model.conditioner):
            values = model.get_conditioning_inputs(model.conditioner(wanted, self._device))
            if tasks[0].negative_prompt and schedule.guidance != 1:
                unwanted = [self._described(task.negative_prompt, task.seconds) for task in tasks]
                negative = model.conditioner(unwanted, self._device)
                values |= model.get_conditioning_inputs(negative, negative=True)
        dtype = next(model.model.parameters()).dtype
        return {
            name: value.to(dtype) if value is not None and value.is_floating_point() else value
            for name, value in values.items()
        }

    @staticmethod
    def _described(prompt: str, seconds: float) -> dict[str, Any]:
        return {"prompt": prompt, "seconds_start": 0, "seconds_total": seconds}

    def _init(self, tasks: Sequence[SoundTask], length: int) -> Any:
        """Return the latents of the sounds to start from; None if there are none."""
        import torch

        if tasks[0].init is None:
            return None
        samples = length * self.facts.ratio
        parts = [
            self._encoded(self._prepared(task.init, samples), task.seed)
            for task in tasks
            if task.init is not None
        ]
        return torch.cat(parts).float()

    def _prepared(self, init: InitSound, samples: int) -> Any:
        """Return a sound to start from in the model's rate, channels and length."""
        import torch
        from stable_audio_tools.inference.utils import prepare_audio

        values = torch.frombuffer(bytearray(init.pcm), dtype=torch.float32)
        return prepare_audio(
            values.reshape(init.channels, -1),
            in_sr=init.sample_rate,
            target_sr=self.facts.sample_rate,
            target_length=samples,
            target_channels=self.facts.channels,
            device=self._device,
        )

    def _encoded(self, audio: Any, seed: int) -> Any:
        import torch

        pretransform = self._model.pretransform
        if pretransform is None:
            return audio
        with torch.inference_mode(), torch.random.fork_rng(), self._working(pretransform):
            torch.manual_seed(folded(seed))  # a variational encoder draws from its distribution
            return pretransform.encode(audio)

    def _decoded(self, latents: Any) -> Any:
        """Return samples of shape (channels, samples) of the latents of one sound."""
        import torch

        pretransform = self._model.pretransform
        if pretransform is None:
            return latents[0]
        with torch.inference_mode(), library.quiet(), self._working(pretransform):
            return pretransform.decode(latents.float())[0]

    def _answer(self, row: int, latents: Any, task: SoundTask, schedule: Schedule) -> Any:
        import torch

        sound = self._decoded(latents[row : row + 1]).float()
        sound = cut(sound, samples_of(task.seconds, self.facts.sample_rate))
        if not bool(torch.isfinite(sound).all()):
            return Permanent(
                "The sound came out as no numbers, as it does where a model overflows.",
                remedy="Set stable-audio.dtype to fp32, or lower cfg_scale.",
            )
        return SoundAnswer(
            pcm=sound.cpu().contiguous().numpy().tobytes(),
            channels=int(sound.shape[0]),
            sample_rate=self.facts.sample_rate,
            steps=schedule.steps,
            guidance=schedule.guidance,
            sampler=schedule.sampler,
            device=self._device,
            device_name=device_in_words(self._device),
        ).model_dump()

    def _shown(self, latents: Any) -> bytes:
        """Return a picture of the sound that latents would be now."""
        return preview_of(self._decoded(latents).float().cpu().numpy(), self.facts.sample_rate)

    # -- memory -----------------------------------------------------------------------------

    def size(self) -> int:
        """Return the bytes that its weights take on the device now."""
        kind = self._device.partition(":")[0]
        tensors = {id(one): one for one in self._tensors() if one.device.type == kind}
        return sum(one.numel() * one.element_size() for one in tensors.values())

    def offload(self) -> None:
        """Keep only the working part on the device from now on."""
        if self._device == "cpu":
            return
        self._is_offloaded = True
        self._move("cpu")

    def restore(self) -> None:
        """Move everything back to the device, to stay there."""
        self._is_offloaded = False
        self._move(self._device)

    def close(self) -> None:
        """Release everything that it holds."""
        self._loras.loras.clear()
        self._model = None
        gc.collect()

    @contextmanager
    def _working(self, part: Any) -> Iterator[None]:
        """Have a part of an offloaded model on the device for the duration of the block."""
        if not self._is_offloaded:
            yield
            return
        part.to(self._device)
        try:
            yield
        finally:
            self._move("cpu")

    def _move(self, device: str) -> None:
        self._model.to(device)
        for encoder in text_encoders(self._model):
            encoder.to(device)

    def _tensors(self) -> Iterator[Any]:
        for part in (self._model, *text_encoders(self._model)):
            yield from part.parameters()
            yield from part.buffers()


def text_encoders(model: Any) -> list[Any]:
    """Return the text encoders, which are not submodules of the model."""
    conditioners = model.conditioner.conditioners.values()
    return [one.__dict__["model"] for one in conditioners if "model" in one.__dict__]


def device_in_words(device: str) -> str:
    """Return a device in words: its name, and its memory.

    Args:
        device: Device for torch, for example `cuda:0`.
    """
    import torch

    is_cuda = device.startswith("cuda")
    name = torch.cuda.get_device_name(device) if is_cuda else processor_name()
    return f"{name}, {in_words(memory_of(device).total())}"


@dataclass
class Watcher:
    """Observer of a call: progress, previews, cancelled tasks.

    Attributes:
        reporter: Receiver of the reports.
        tasks: Number of tasks.
        schedule: Steps that there are.
        every: Steps between two previews; 0 for none.
        draw: Returns a picture of the latents of one sound.
    """

    reporter: BatchReporter
    tasks: int
    schedule: Schedule
    every: int
    draw: Any
    _done: int = 0
    _unwanted: set[int] = field(default_factory=set)

    def begin(self, device: str) -> None:
        """Report the device, in words."""
        for task in range(self.tasks):
            self.reporter.progress(task, 0.0, f"on {device}")

    def step_ended(self, denoised: Any) -> None:
        """Report a step.

        Args:
            denoised: Latents as they are denoised so far, of all sounds or, for samplers that take
                them one by one, of one.

        Raises:
            CallAbandoned: All tasks were cancelled.
        """
        self.refuse_unwanted()
        self._done += 1
        steps, rows = self.schedule.steps, len(denoised)
        total = steps * self.tasks // rows
        fraction = min(1.0, self._done / total)
        for task in range(self.tasks):
            if task not in self._unwanted:
                message = f"step {min(self._done, total)} of {total}"
                self.reporter.progress(task, fraction, message)
        if self.every and self._done % self.every == 0 and self._done < total:
            self._show(denoised)

    def refuse_unwanted(self) -> None:
        """Note the tasks that were cancelled.

        Raises:
            CallAbandoned: All of them were.
        """
        self._unwanted |= {t for t in range(self.tasks) if self.reporter.is_given_up(t)}
        if len(self._unwanted) == self.tasks:
            raise CallAbandoned

    def _show(self, denoised: Any) -> None:
        for task in range(self.tasks):
            if len(denoised) == self.tasks and task not in self._unwanted:
                self.reporter.preview(task, self.draw(denoised[task : task + 1]))
