"""Missing packages of a recipe or a backend, and the command that installs them."""

from engine.contract.data import MissingRequirement
from engine.contract.install import install_command


def missing_packages(
    *packages: str, extra: str = "cloud", elsewhere: bool = False
) -> MissingRequirement:
    """Return that packages are not installed.

    Args:
        packages: Their names as they are installed, for example `google-genai`.
        extra: Safelight's extra that brings them.
        elsewhere: True if only models import them, which may run on another machine.
    """
    noun = "the package" if len(packages) == 1 else "the packages"
    return MissingRequirement(
        what=f"{noun} {', '.join(packages)}",
        remedy=f"Run: {install_command(extra=extra)}",
        reason="backend",
        elsewhere=elsewhere,
    )
