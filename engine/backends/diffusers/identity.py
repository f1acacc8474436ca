"""Identity of a local model in a fingerprint, without its path on this machine."""

from collections.abc import Sequence
from typing import Any

from engine.backends.common import local_models as common
from engine.backends.diffusers.settings import DiffusersSettings
from engine.models.diffusion.options import LoraFile
from engine.models.weights import RequiredWeights, lane_of, marked

_ALWAYS = ("variant", "scheduler", "karras", "steps", "cfg", "dtype", "vae_tiling", "reference")
_OF_SOUNDS = ("audio_variant", "audio_steps", "audio_cfg", "dtype")
_OF_VIDEOS = ("video_variant", "video_steps", "video_cfg", "dtype", "vae_tiling")
_OF_REFERENCE = {
    "img2img": ("strength",),
    "ip-adapter": ("ip_adapter_weights", "ip_adapter_encoder", "ip_adapter_scale"),
    "none": (),
}


def version_of(settings: DiffusersSettings, method: str) -> str:
    """Version of the method, with each setting that changes an image and is not the usual one.

    Args:
        settings: The settings.
        method: Version of the backend's own method.
    """
    named = (*_ALWAYS, *_OF_REFERENCE[settings.reference])
    if settings.controlnet:
        named += ("control", "control_scale")
    if settings.upscale:
        named += ("upscale_from",)
    return common.version_of(settings, method, named, _parts(settings))


def sound_version_of(settings: DiffusersSettings, method: str) -> str:
    """Version of the method for sounds, as `version_of` is for images."""
    counted = _counted(settings.audio_loras)
    return common.version_of(settings, method, _OF_SOUNDS, {"loras": counted} if counted else {})


def video_version_of(settings: DiffusersSettings, method: str) -> str:
    """Version of the method for clips, as `version_of` is for images."""
    parts: dict[str, Any] = {}
    if counted := _counted(settings.video_loras):
        parts["loras"] = counted
    if settings.video_motion:
        parts["motion"] = marked(settings.video_motion)
    names: tuple[str, ...] = _OF_VIDEOS
    if settings.video_ip_adapter:
        parts["ip_adapter"] = marked(settings.video_ip_adapter)
        names += ("video_ip_adapter_weights", "video_ip_adapter_encoder", "ip_adapter_scale")
    return common.version_of(settings, method, names, parts)


def lane_for(wanted: Sequence[RequiredWeights]) -> str:
    """Lane of a model, the first of some weights: backends of other weights have another."""
    source = wanted[0].where
    name = f"diffusers:{source.path.name if source.path else source}"
    return name if len(wanted) == 1 and source.path is None else lane_of(name, wanted)


def _parts(settings: DiffusersSettings) -> dict[str, Any]:
    """Models that are loaded with the main one."""
    parts: dict[str, Any] = {}
    for name in ("config", "vae", "refiner", "controlnet", "upscale"):
        if source := getattr(settings, name):
            parts[name] = marked(source)
    if settings.controlnet and settings.control == "depth":
        parts["depth_model"] = marked(settings.depth_model)
    if settings.refiner:
        parts["refiner_at"] = settings.refiner_at
    if counted := _counted(settings.loras):
        parts["loras"] = counted
    if settings.reference == "ip-adapter":
        parts["ip_adapter"] = marked(settings.ip_adapter)
    return parts


def _counted(loras: Sequence[LoraFile]) -> list[list[Any]]:
    return [[marked(lora.source), lora.weight] for lora in loras if lora.weight]
