"""Packages of Stable Audio, which do not come with an extra of Safelight."""

from pathlib import Path

from engine.contract.install import requirements_command

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""Packages that are installed without their own dependencies, which exclude newer ones."""

LOCAL = ("torch", "transformers", "safetensors", "huggingface_hub", "torchvision")
"""Modules that the extra `local` brings."""

AUDIO = ("scipy", "soundfile")
"""Modules that the extra `audio` brings."""

TOOLS = (
    "alias_free_torch",
    "einops",
    "einops_exts",
    "k_diffusion",
    "stable_audio_tools",
    "torchaudio",
    "torchdiffeq",
    "torchsde",
    "trampoline",
)
"""Modules of `REQUIREMENTS`."""


def tools_command() -> str:
    """Return the one command that installs Stable Audio's packages."""
    return requirements_command(REQUIREMENTS)
