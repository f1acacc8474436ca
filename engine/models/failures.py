"""Translation of errors of model libraries into errors that an operator can act on.

| what happened | error |
|---|---|
| a file is missing, cut short or not readable | `Blocked("weights")` |
| a package is missing or broken | `Blocked("backend")` |
| the files are whole, and of something else than a model of this kind | `Permanent` |
| no memory | as torch raises it: the host knows what to do |
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.contract import Blocked, Permanent, StepError
from engine.contract.install import install_command
from engine.models.hosts.memory import is_out_of_memory
from engine.text.terminal import clean

_UNFIT = (ValueError, TypeError, KeyError, AttributeError, RuntimeError, NotImplementedError)
"""Errors of the libraries if a model's parts do not fit its class."""

_BROKEN = ("Failed to import", "operator torchvision::")
"""Starts of messages about a failed import: of the libraries' own, and of a torchvision that is of
another build than torch."""

MAKES_IMAGES = (
    "a model that makes images",
    "Choose a Stable Diffusion, SDXL or other text-to-image model of diffusers, and its parts.",
)
MAKES_SOUNDS = (
    "a model that makes sounds",
    "Choose a Stable Audio or other text-to-audio model of diffusers.",
)
MAKES_VIDEOS = (
    "a model that makes clips",
    "Choose a video model of diffusers that docs/diffusers.md names, for example LTX-Video.",
)
"""Kind of model that is loaded, and advice if it is another."""


def local_packages() -> str:
    """Return the command that installs the extra `local`."""
    return install_command(extra="local")


@contextmanager
def loading(
    what: str,
    remedy: str,
    kind: tuple[str, str] = MAKES_IMAGES,
    install: Callable[[], str] = local_packages,
) -> Iterator[None]:
    """Translate errors inside the block into ones that name what was loaded, and the remedy.

    Args:
        what: The thing being loaded, for example `the model org/name`.
        remedy: Advice for missing or broken files, as a sentence.
        kind: Kind of model that is expected, and advice if it is another.
        install: Returns the command that installs the packages.

    Raises:
        Blocked: Files are missing or broken.
        Permanent: They are of something else.
    """
    try:
        yield
    except (StepError, MemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        if missing := _missing(error, what, install):
            raise missing from error
        raise _explained(error, what, remedy, kind) from error


def _missing(error: Exception, what: str, install: Callable[[], str]) -> StepError | None:
    """Return an error about a package that cannot be imported; None if it is another error."""
    if not isinstance(error, ImportError) and not _message(error).startswith(_BROKEN):
        return None
    return Blocked(
        f"A package that is needed to load {what} cannot be imported: {_message(error)}",
        reason="backend",
        remedy=f"Run: {install()} (then resume)",
    )


def _message(error: Exception) -> str:
    return clean(str(error), 2000) or type(error).__name__


def _explained(error: Exception, what: str, remedy: str, expected: tuple[str, str]) -> StepError:
    message = _message(error)
    kind = type(error).__name__
    if isinstance(error, OSError) or kind == "SafetensorError":
        return Blocked(
            f"The files of {what} are not whole: {message}", reason="weights", remedy=remedy
        )
    if isinstance(error, _UNFIT) or kind == "SingleFileComponentError":
        return Permanent(
            f"It was not possible to load {what} as {expected[0]}: {message}", remedy=expected[1]
        )
    raise error
