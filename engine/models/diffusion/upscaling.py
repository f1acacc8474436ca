"""Real-ESRGAN: images enlarged by a network that adds detail (https://arxiv.org/abs/2107.10833).

Weights are those of the published models with the names of their tensors, as safetensors.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from engine.contract import Permanent
from engine.models.diffusion.library import mend
from engine.models.diffusion.options import PipelineOptions
from engine.models.diffusion.sources import upscaler_wanted
from engine.models.failures import loading
from engine.models.weights import require

TILE, OVERLAP = 512, 16
"""Side of a tile that is enlarged at once, and pixels around it that are looked at, in pixels."""

UPSCALES = (
    "a Real-ESRGAN network",
    "Choose a Real-ESRGAN of the kind RRDBNet, such as RealESRGAN_x4plus, as safetensors.",
)
"""Kind of model that is loaded, and advice if it is another."""

_PREFIX = re.compile(r"^(?:params_ema|params|module)\.")
_BLOCK = re.compile(r"^body\.(\d+)\.")
_FOLDS = {3: 1, 12: 2, 48: 4}
"""Pixels that are folded into channels on a side, by the number of input channels."""


class Upscaler:
    """A loaded network.

    Args:
        weights: Its tensors by name.
        device: Device for torch.

    Attributes:
        factor: Factor by which it enlarges sides.

    Raises:
        KeyError: They are not those of such a network.
        RuntimeError: They do not fit together.
    """

    def __init__(self, weights: Mapping[str, Any], device: str) -> None:
        from engine.models.diffusion.rrdbnet import RRDBNet

        named = {_PREFIX.sub("", name): tensor for name, tensor in weights.items()}
        features, channels = named["conv_first.weight"].shape[:2]
        blocks = 1 + max(int(match[1]) for name in named if (match := _BLOCK.match(name)))
        growth = named["body.0.rdb1.conv1.weight"].shape[0]
        self._fold = _FOLDS[channels]
        self.factor = 4 // self._fold
        self._net = RRDBNet(channels, features, growth, blocks)
        self._net.load_state_dict(named)
        self._net = self._net.float().to(device).eval()
        self._device = device

    @classmethod
    def load(cls, asked: PipelineOptions, device: str) -> "Upscaler":
        """Load the network that options name.

        Raises:
            StepError: It is missing, broken or of another kind.
        """
        wanted = upscaler_wanted(asked)
        if wanted is None:
            raise ValueError("no network is named")
        path = require(wanted)
        if not path.is_file():
            raise Permanent(f"{wanted.source} is no file.", remedy=UPSCALES[1])
        with loading(f"the network {wanted.source}", mend(wanted), UPSCALES):
            from safetensors.torch import load_file

            return cls(load_file(path), device)

    def parameters(self) -> Iterator[Any]:
        """Yield its tensors."""
        yield from self._net.parameters()

    def to(self, device: str) -> None:
        """Move it to a device."""
        self._net.to(device)
        self._device = device

    def enlarged(self, image: Image.Image) -> Image.Image:
        """Return an image in its size times the factor, tile by tile."""
        import numpy as np
        import torch

        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float() / 255
        height, width = pixels.shape[1:]
        large = torch.empty(3, height * self.factor, width * self.factor)
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                self._enlarge(pixels, large, top, left)
        rgb = (large.clamp(0, 1) * 255).round().to(torch.uint8)
        return Image.fromarray(rgb.permute(1, 2, 0).contiguous().numpy())

    def _enlarge(self, pixels: Any, large: Any, top: int, left: int) -> None:
        """Write an enlarged tile to its place."""
        import torch

        height, width = pixels.shape[1:]
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        first, start = max(0, top - OVERLAP), max(0, left - OVERLAP)
        part = pixels[:, first : bottom + OVERLAP, start : right + OVERLAP]
        down, across = (-side % self._fold for side in part.shape[1:])
        padded = torch.nn.functional.pad(part[None], (0, across, 0, down), mode="replicate")
        folded = torch.nn.functional.pixel_unshuffle(padded, self._fold)
        with torch.inference_mode():
            tile = self._net(folded.to(self._device))[0].float().cpu()
        k = self.factor
        rows = slice((top - first) * k, (bottom - first) * k)
        columns = slice((left - start) * k, (right - start) * k)
        large[:, top * k : bottom * k, left * k : right * k] = tile[:, rows, columns]
