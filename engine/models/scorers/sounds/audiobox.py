"""Audiobox-Aesthetics: quality, enjoyment, usefulness and complexity of a sound, 1 to 10 each.

A. Tjandra et al., "Meta Audiobox Aesthetics: Unified Automatic Quality Assessment for Speech,
Music, and Sound", 2025, https://arxiv.org/abs/2502.05139. The model comes from the package of its
authors; as there, a sound is heard as one channel of 16 kHz in windows of ten seconds, which count
by their lengths. It needs no words.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.errors import Blocked
from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.scorer import Reads
from engine.models.scorers.sounds.batch import WINDOW_SECONDS, SoundBatch, windows
from engine.models.scorers.sounds.options import METRICS

if TYPE_CHECKING:
    from torch import Tensor

RATE = 16_000
"""Sample rate that the model hears, in Hz."""

AXES = ("PQ", "CE", "CU", "PC")
"""The model's names of the metrics, in the order of their columns."""


class Audiobox:
    """Audiobox-Aesthetics on a device.

    Args:
        model: The model with its weights: called with `wav` and `mask` of shape (n, 1, samples), it
            returns a tensor of shape (n,) for each axis, in standard deviations.
        scales: Mean and standard deviation of each axis.
        identity: Identity of its weights.
        device: Device for torch.
        batch: Number of windows to process at once.
    """

    metrics = METRICS["audiobox"]
    reads: Reads = "none"

    def __init__(
        self,
        model: Any,
        scales: dict[str, tuple[float, float]],
        *,
        identity: str,
        device: str,
        batch: int,
    ) -> None:
        self.identity = identity
        self.device_module = DeviceModule(model, device, batch)
        self._model, self._scales = model, scales

    def raws(self, sounds: SoundBatch, texts: Sequence[str]) -> list[list[float]]:
        """Return the ratings of each readable sound, a column for each axis."""
        with self.device_module.at_work():
            rows = [self._rated(samples) for samples in sounds.at(RATE)]
        return [[row[axis] for row in rows] for axis in range(len(AXES))]

    def cuts(self, text: str) -> bool:
        """Return False: no text is read."""
        return False

    def _rated(self, samples: Any) -> list[float]:
        import torch

        length = WINDOW_SECONDS * RATE
        parts = [torch.from_numpy(part) for part in windows(samples, length)]
        weights = torch.tensor([len(part) / length for part in parts])
        step = self.device_module.batch
        ratings = torch.cat(
            [self._of_windows(parts[start : start + step]) for start in range(0, len(parts), step)]
        )
        means = (ratings * weights[:, None]).sum(dim=0) / weights.sum()
        return [float(value) for value in means]

    def _of_windows(self, parts: "Sequence[Tensor]") -> "Tensor":
        """Return the ratings of windows, shape (n, 4)."""
        import torch

        length = WINDOW_SECONDS * RATE
        wav = torch.stack([torch.nn.functional.pad(p, (0, length - len(p))) for p in parts])
        heard = torch.tensor([len(part) for part in parts])[:, None]
        mask = torch.arange(length)[None] < heard
        device = self.device_module.device
        rated = self._model({"wav": wav[:, None].to(device), "mask": mask[:, None].to(device)})
        columns = []
        for axis in AXES:
            mean, deviation = self._scales[axis]
            columns.append(rated[axis].float().cpu().reshape(-1) * deviation + mean)
        return torch.stack(columns, dim=-1)


def load_audiobox(folder: Path, *, identity: str, device: str, batch: int) -> Audiobox:
    """Load the model from a folder with `config.json` and `model.safetensors`.

    Raises:
        Blocked: Its package is missing, or the files are not whole.
    """
    try:
        package: Any = importlib.import_module("audiobox_aesthetics.model.aes")
    except ImportError as error:
        raise Blocked(
            f"The package audiobox-aesthetics cannot be imported: {error}.",
            reason="backend",
            remedy="See safelight doctor, then resume.",
        ) from error
    try:
        model: Any = package.AesMultiOutput.from_pretrained(str(folder), local_files_only=True)
        stated = model.target_transform
        scales = {axis: (float(stated[axis]["mean"]), float(stated[axis]["std"])) for axis in AXES}
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise Blocked(
            f"The model in {folder.name} cannot be loaded as Audiobox-Aesthetics "
            f"({type(error).__name__}).",
            reason="weights",
            remedy="Fetch it again with safelight models pull sounds.audiobox, then resume.",
        ) from error
    return Audiobox(model, scales, identity=identity, device=device, batch=batch)
