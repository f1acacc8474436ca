"""Reasons why a machine cannot be used, in words, from what its `ssh` printed."""

import re

from engine import __version__
from engine.contract.errors import Blocked, Retryable, StepError
from engine.models.hosts.far_messages import Hello
from engine.text.terminal import clean

_LOST = 255
"""Exit code of `ssh` itself."""


def refusal(name: str, code: int | None, words: str, python: str) -> StepError:
    """Return why a machine did not answer as a host.

    Args:
        name: The machine.
        code: Exit code of `ssh`; None if it was given up.
        words: What it printed last.
        python: The command for Python there.
    """
    known = _OF_SSH if code in (None, _LOST) else _OF_PYTHON
    for pattern, message, remedy in known:
        if re.search(pattern, words, re.IGNORECASE):
            values = {
                "name": name,
                "login": name if ":" not in name or "://" in name else f"ssh://{name}",
                "python": python,
                "version": __version__,
            }
            return _blocked(message.format(**values), remedy.format(**values))
    last = clean(words.strip().rpartition("\n")[2], 300)
    if code in (None, _LOST):
        return Retryable(f"{name} cannot be reached: {last or 'no answer'}")
    return _blocked(
        f"No host could be started on {name} (exit code {code}): {last or 'no words'}",
        f'Look at hosts.machine."{name}" in the settings.',
    )


def mismatch(name: str, hello: Hello) -> StepError | None:
    """Return why a far side is not one for us; None if it is."""
    program = clean(hello.program, 40)
    if program == __version__:
        return None
    return _blocked(
        f"{name} has Safelight {program}, and this is {__version__}.",
        f"Install the same version on both, for example: pip install safelight=={__version__}",
    )


def unreadable(name: str, error: Exception) -> StepError:
    """Return that a far side speaks another protocol."""
    return _blocked(
        f"{name} does not answer as a host of Safelight {__version__} does: {clean(str(error))}",
        f"Install Safelight {__version__} there, or look at what it prints: ssh {name}",
    )


def no_ssh(error: OSError) -> StepError:
    """Return that there is no `ssh` here."""
    return _blocked(f"ssh cannot be started: {error.strerror}", "Install OpenSSH's client here.")


def _blocked(message: str, remedy: str) -> Blocked:
    blocked = Blocked(message, reason="backend", remedy=remedy)
    blocked.lacks_device = True
    return blocked


_OF_SSH = (
    (
        r"host key verification failed|host identification has changed|no \S+ host key is known",
        "The host key of {name} is not known, or is another than before.",
        "Connect once by hand and check it: ssh {login}",
    ),
    (
        r"permission denied|too many authentication failures|no more authentication methods",
        "{name} asks for a password or another key.",
        "Give it a key of yours, until this asks nothing: ssh -o BatchMode=yes {login} true",
    ),
)
_OF_PYTHON = (
    (
        r"no module named",
        "Safelight is not installed for {python} on {name}.",
        'Run there: pip install safelight=={version}; or set hosts.machine."{name}".python.',
    ),
    (
        r"unknown option:? -P|requires a different python",
        "{python} on {name} is older than Python 3.11.",
        'Set another one in hosts.machine."{name}".python.',
    ),
    (
        r"(command )?not found|no such file or directory|unknown command",
        "There is no {python} on {name}.",
        'Set the Python that has Safelight there in hosts.machine."{name}".python.',
    ),
)
"""Patterns of what either prints, with the meaning and the remedy."""
