"""Other machines that only a workspace's files name: `ssh` is not run without the user."""

import shlex
from pathlib import Path

from engine.config.environment import Environment, same_form
from engine.config.trust.grants import is_trusted
from engine.contract.host_settings import HostSettings
from engine.text.terminal import clean


def machine_grant(settings: HostSettings, name: str) -> str:
    """Return a machine as the trust file has it, with the command that is run there."""
    options = settings.machine.get(name)
    if options is None or not options.starts:
        return f"hosts on {name}"
    return f"hosts on {name} by {options.starts}"


def machines_of_files(settings: HostSettings, environment: Environment) -> list[str]:
    """Return the machines that the user has not named, by an argument or `SAFELIGHT_HOSTS__...`.

    One whose command only a file names counts as named by the file.
    """

    def is_given(name: str) -> bool:
        options = settings.machine.get(name)
        texts = [name, options.starts] if options is not None and options.starts else [name]
        return all(same_form(text) in environment.given for text in texts)

    return [name for name in settings.machines if not is_given(name)]


def trusted_machines(
    root: Path, settings: HostSettings, environment: Environment
) -> tuple[list[str], dict[str, str]]:
    """Return the machines that may be used, and why each of the others may not."""
    refused = {
        name: f"Only this workspace's files name {clean(name, 100)}. If you trust it: safelight "
        f"trust {shlex.quote(str(root))}; a running engine notices."
        for name in machines_of_files(settings, environment)
        if not is_trusted(root, machine_grant(settings, name))
    }
    return [name for name in settings.machines if name not in refused], refused
