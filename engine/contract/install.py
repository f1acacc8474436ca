"""Commands that install missing packages in the same way as Safelight was installed."""

import importlib.util
import json
import os
import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "safelight"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""Index of the builds of torch, and of what is linked against it, for processors alone."""

_TELLING = {
    "api": "starlette",
    "audio": "verovio",
    "cloud": "openai",
    "cluster": "ray",
    "local": "diffusers",
    "provenance": "c2pa",
    "spatial": "sofar",
    "video": "opentimelineio",
}
"""For each extra, a module that only it brings."""

_IN_EXTRA = re.compile(r"""([\w.-]+).*;.*\bextra\s*==\s*['"]([\w-]+)['"]""")
"""A requirement of an extra in a package's metadata: its name, and the extra."""


def install_command(*, extra: str = "", package: str = "") -> str:
    """Return the command that adds an extra of Safelight, or a package beside it.

    Args:
        extra: `audio`, `cloud`, `local` or another, or several with commas between.
        package: Any requirement, such as `httpx[socks]`.
    """
    if _is_marked("uv-receipt.toml"):  # uv tool install
        beside = f" --with {shlex.quote(package)}" if package else ""
        return f"uv tool install {_requirement(extra, keep=True)}{beside}"
    if _is_marked("pipx_metadata.json"):
        if package:
            return f"pipx inject {NAME} {shlex.quote(package)}"
        return f"pipx install --force {_requirement(extra, keep=True)}"
    wanted = shlex.quote(package) if package else _requirement(extra)
    python = shlex.quote(sys.executable)
    if importlib.util.find_spec("pip") is None:  # an environment of uv's
        return f"uv pip install --python {python} --upgrade {wanted}"
    return f"{python} -m pip install --upgrade {wanted}"


def requirements_command(file: Path) -> str:
    """Return the command that installs the packages of a requirements file, and no others.

    Beside a build of torch for processors alone, its index is named too: packages that are linked
    against torch need the same build.

    Args:
        file: The file; it names every package that is needed.
    """
    index = f" --extra-index-url {CPU_INDEX}" if _has_cpu_torch() else ""
    options = f"--no-deps --requirement {shlex.quote(str(file))}{index}"
    if _is_marked("pipx_metadata.json"):
        return f"pipx runpip {NAME} install {options}"
    python = shlex.quote(sys.executable)
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install --python {python} {options}"
    return f"{python} -m pip install {options}"


def _has_cpu_torch() -> bool:
    try:
        return distribution("torch").version.endswith("+cpu")
    except PackageNotFoundError:
        return False


def _is_marked(name: str) -> bool:
    """Return whether the environment has a file of whatever installed it; False if unreadable."""
    return os.path.isfile(Path(sys.prefix) / name)  # noqa: PTH113 - Path.is_file raises


def missing_from_extra(extra: str) -> list[str]:
    """Return the packages of an extra of Safelight that are not installed."""
    try:
        lines = requires(NAME) or []
    except PackageNotFoundError:
        return []
    wanted = [match[1] for line in lines if (match := _IN_EXTRA.match(line)) and match[2] == extra]
    return [name for name in wanted if not _is_installed(name)]


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def _requirement(extra: str, *, keep: bool = False) -> str:
    """Return the requirement for Safelight with an extra; `keep` adds the installed extras."""
    extras = set(extra.split(",")) - {""}
    if keep:
        extras |= {name for name, module in _TELLING.items() if importlib.util.find_spec(module)}
    suffix = f"[{','.join(sorted(extras))}]" if extras else ""
    origin = _origin()
    url = origin.get("url", "")
    if "dir_info" in origin:
        path = shlex.quote(url2pathname(urlsplit(url).path) + suffix)
        return f"--editable {path}" if origin["dir_info"].get("editable") else path
    vcs = origin.get("vcs_info", {}).get("vcs")
    source = f" @ {vcs + '+' if vcs else ''}{url}" if url else ""
    return shlex.quote(f"{NAME}{suffix}{source}")


def _origin() -> dict[str, Any]:
    """Return the installer's record of Safelight's origin (PEP 610)."""
    try:
        text = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    record: dict[str, Any] = json.loads(text) if text else {}
    return record
