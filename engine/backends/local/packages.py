"""Packages that local models of this family import, and the extra that installs them."""

from engine.backends.common.readiness import has_package
from engine.contract import MissingRequirement
from engine.contract.packages import missing_packages

PACKAGES = {
    "torch": "torch",
    "transformers": "transformers",
    "open_clip": "open-clip-torch",
    "huggingface_hub": "huggingface-hub",
}
"""Packages by the module that they install."""


def lacking_packages() -> list[MissingRequirement]:
    """Return those that are not installed, with the command that installs them."""
    lacking = [name for module, name in PACKAGES.items() if not has_package(module)]
    return [missing_packages(*lacking, extra="local", elsewhere=True)] if lacking else []
