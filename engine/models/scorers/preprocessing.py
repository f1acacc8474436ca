"""Preprocessing of images for a model: resized, cropped or padded, and normalised.

The arithmetic is that of torchvision's transforms on a PIL image, as OpenAI's CLIP, open_clip and
the older image processors of transformers do it. They differ in one point, the start of the crop of
an odd remainder, which is why a recipe names it: so one preprocessing serves every model with the
same needs, and gives each exactly the pixels that its own library would.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

OPENAI_MEAN = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD = (0.26862954, 0.26130258, 0.27577711)

Fit = Literal["shortest", "longest", "squash"]
"""Side that is scaled to the size; `squash` scales both, whatever the shape."""


@dataclass(frozen=True, slots=True)
class ResizeOptions:
    """The costly part: target size and method.

    Attributes:
        size: Pixels of the side that `fit` names.
        fit: The side.
        resample: Name of a filter of PIL, `BICUBIC` for example.
    """

    size: int
    fit: Fit = "shortest"
    resample: str = "BICUBIC"

    def __call__(self, image: "Image.Image") -> "Image.Image":
        """Return the image resized; `longest` also pads it with black to a square."""
        from PIL import Image, ImageOps

        method = Image.Resampling[self.resample]
        if self.fit == "squash":
            return image.resize((self.size, self.size), method)
        if self.fit == "longest":
            scale = self.size / max(image.size)
            width, height = (max(1, round(side * scale)) for side in image.size)
            resized = image.resize((width, height), method)
            left, top = (self.size - width) // 2, (self.size - height) // 2
            right, bottom = self.size - width - left, self.size - height - top
            return ImageOps.expand(resized, (left, top, right, bottom))
        return image.resize(self._by_shorter_side(*image.size), method)

    def _by_shorter_side(self, width: int, height: int) -> tuple[int, int]:
        if width <= height:
            return self.size, int(self.size * height / width)
        return int(self.size * width / height), self.size


@dataclass(frozen=True, slots=True)
class ImagePreprocessing:
    """All preprocessing of an image for a model.

    Attributes:
        resizing: Target size and method.
        crop: Side of the square that is cut out of the middle, in pixels.
        mean: Mean of red, green and blue, 0..1, which is subtracted.
        std: Deviation of each, by which it is divided.
        corner: Start of a crop of an odd remainder: at the lower pixel (`floor`, transformers)
            or at the nearest even one (`round`, torchvision).
    """

    resizing: ResizeOptions
    crop: int
    mean: tuple[float, ...] = OPENAI_MEAN
    std: tuple[float, ...] = OPENAI_STD
    corner: Literal["floor", "round"] = "round"

    def pixels(self, resized: "Image.Image") -> "Tensor":
        """Return a resized image as a float32 tensor of shape (3, crop, crop)."""
        import numpy as np
        import torch

        left, top = (self._begin(side) for side in resized.size)
        cut = resized.crop((left, top, left + self.crop, top + self.crop))
        tensor = torch.from_numpy(np.array(cut, dtype=np.float32) / 255).permute(2, 0, 1)
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return (tensor - mean) / std

    def _begin(self, side: int) -> int:
        rest = side - self.crop
        return rest // 2 if self.corner == "floor" else round(rest / 2)


def of_open_clip(settings: dict[str, Any]) -> ImagePreprocessing:
    """Return the recipe of a model of open_clip, from its `preprocess_cfg`."""
    size = settings["size"]
    side = int(size[-1] if isinstance(size, (tuple, list)) else size)
    fit: Fit = settings.get("resize_mode", "shortest")
    return ImagePreprocessing(
        ResizeOptions(side, fit, str(settings.get("interpolation", "bicubic")).upper()),
        side,
        tuple(settings["mean"]),
        tuple(settings["std"]),
    )


def of_transformers(processor: Any) -> ImagePreprocessing:
    """Return the recipe of a CLIP model of transformers, from its image processor."""
    from PIL import Image

    size = processor.size
    shortest = size.get("shortest_edge")
    side = int(shortest or size["height"])
    return ImagePreprocessing(
        ResizeOptions(
            side,
            "shortest" if shortest else "squash",
            Image.Resampling(int(processor.resample)).name,
        ),
        int(processor.crop_size["height"]) if processor.do_center_crop else side,
        tuple(processor.image_mean),
        tuple(processor.image_std),
        corner="floor",
    )
