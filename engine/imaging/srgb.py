"""Colours of any image as sRGB: profiles, CMYK, deep greys, palettes and transparency."""

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from PIL import ImageCms

GROUND = (255, 255, 255)
"""Background of transparent parts of an image, in sRGB: white."""

_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_MODES = {"RGB": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",)}
"""Modes of Pillow that a profile of each colour space describes."""


def flattened(image: Image.Image) -> Image.Image:
    """Return a loaded image in sRGB without transparency, mode RGB; see `GROUND`."""
    coloured = to_srgb(image)
    if coloured.mode == "RGB":
        return coloured
    ground = Image.new("RGBA", coloured.size, (*GROUND, 255))
    return Image.alpha_composite(ground, coloured).convert("RGB")


def to_srgb(image: Image.Image) -> Image.Image:
    """Return a loaded image in sRGB, mode RGB, or RGBA if it has transparency.

    16-bit greys are scaled to 8 bits; 32-bit integers are read as 16-bit greys, and floats as
    0 (black) to 1 (white). A profile that cannot be used is ignored.
    """
    profile = profile_of(image)
    if image.mode in _DEEP:
        image = _eight_bits(image)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if image.mode not in ("L", "CMYK", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    coloured = (profile and _converted(image, profile)) or image.convert("RGB")
    if alpha is not None:
        coloured.putalpha(alpha)
    return coloured


def profile_of(image: Image.Image) -> "ImageCms.ImageCmsProfile | None":
    """Return the profile of an image's colours; None if they are sRGB or unknown."""
    data = image.info.get("icc_profile")
    if not data:
        return None
    try:
        from PIL import ImageCms

        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile)
    except Exception:  # noqa: BLE001 - a profile may hold anything, and Pillow may lack LittleCMS
        return None
    return None if name.strip().lower().startswith("srgb") else profile


def _converted(image: Image.Image, profile: "ImageCms.ImageCmsProfile") -> Image.Image | None:
    from PIL import ImageCms

    space = str(_core(profile).xcolor_space).strip()
    if image.mode not in _MODES.get(space, ()):
        return None
    try:
        result = ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return result


def _core(profile: "ImageCms.ImageCmsProfile") -> Any:
    return profile.profile


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of deep greys as mode L; values out of range are clipped."""
    scale, offset = (255.0, 0.5) if image.mode == "F" else (1 / 257, 0.5)
    counted = image if image.mode == "F" else image.convert("I")
    scaled = counted.point(lambda value: value * scale + offset).convert("L")
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        scaled.info["transparency"] = clear // 257
    else:
        scaled.info.pop("transparency", None)
    return scaled
