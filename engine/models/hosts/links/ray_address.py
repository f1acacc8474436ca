"""Addresses of Ray clusters in the settings, and the environment in which one is spoken with."""

import os
import re
from collections.abc import Mapping

from engine.text.terminal import quoted

SCHEME = "ray://"
AUTO = "auto"
"""Address of the cluster that runs on this machine."""

AUTH_MODE = "RAY_AUTH_MODE"
"""Variable of Ray: `token`, or `disabled` for a cluster that takes orders from anybody."""

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
_ADDRESS = re.compile(rf"{SCHEME}(?:{AUTO}|({_HOST}):(\d{{1,5}}))")
_PASSED = re.compile(
    r"RAY_.+|PATH|HOME|USER|LOGNAME|LANG|LC_.+|TZ|TMPDIR|VIRTUAL_ENV|PYTHON.+|LD_LIBRARY_PATH"
    r"|DYLD_.+|(OMP|OPENBLAS|MKL|NUMBA)_NUM_THREADS|[Gg][Rr][Pp][Cc]_.+|([Nn][Oo]|[Hh][Tt]{2}[Pp][Ss]?)_[Pp][Rr][Oo][Xx][Yy]"
    r"|SSL_CERT_.+|SAFELIGHT_COVERAGE"
)


def is_ray(name: str) -> bool:
    """Return whether a machine's name in the settings is the address of a Ray cluster."""
    return name.startswith(SCHEME)


def checked_address(name: str) -> str:
    """Return the address without the scheme: `auto` or `host:port`.

    Raises:
        ValueError: It is not an address; the end of a sentence.
    """
    match = _ADDRESS.fullmatch(name)
    if match is None or not 0 < int(match[2] or 1) < 65536:
        raise ValueError(f"{quoted(name)} is not ray://auto or ray://host:port")
    return name.removeprefix(SCHEME)


def ray_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a process that speaks with a cluster: no keys, and Ray kept quiet.

    Token authentication is on unless the environment says otherwise itself.
    """
    variables = os.environ if environment is None else environment
    passed = {name: value for name, value in variables.items() if _PASSED.fullmatch(name)}
    passed.setdefault(AUTH_MODE, "token")
    return passed | {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
        "RAY_COLOR_PREFIX": "0",
        "GRPC_VERBOSITY": "NONE",
    }
