"""The locks hold what `pyproject.toml` asks for, and it asks for all that the code imports."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.client.doctor.top_level import providers

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
UNLOCKED = {"torch", "torchvision"}
OWN = {"db", "engine", "themes", "tui"}
IMPORTS = re.compile(r"^\s*(?:from\s+(\w+)[\w.]*\s+import\b|import\s+(\w+))", re.MULTILINE)
"""Statements that import, one a line as the style is; parsing all modules takes long."""


def requirements(*extras: str) -> list[Requirement]:
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [Requirement(text) for text in texts]


def pins(version: str, *names: str) -> dict[str, tuple[str, int]]:
    """Each pin of some locks: its version, and how many hashes it has."""
    found = {}
    for name in names:
        text = (ROOT / "locks" / f"{version}-{name}.txt").read_text()
        for block in re.split(r"(?m)^(?=\S)", text)[1:]:
            package, _, pinned = block.split()[0].partition("==")
            assert package not in found, f"{package} is pinned twice"
            found[package] = (pinned, block.count("--hash=sha256:"))
    return found


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize(
    ("locks", "extras"),
    [
        (["run"], []),
        (["run", "test"], ["dev", "api", "cloud", "audio", "telemetry", "objects"]),
        (["run", "test", "local"], ["dev", "api", "cloud", "audio", "objects", "local"]),
        (["run", "test", "cluster"], ["cluster"]),
    ],
)
def test_a_lock_pins_what_the_project_asks_for(version, locks, extras):
    locked = pins(version, *locks)
    assert all(hashes for _, hashes in locked.values())
    for wanted in requirements(*extras):
        name = canonicalize_name(wanted.name)
        if name not in UNLOCKED:
            assert wanted.specifier.contains(locked[name][0]), name
    assert not UNLOCKED & set(locked)
    of_torch = [name for name in locked if name.startswith(("nvidia", "cuda", "triton"))]
    assert set(of_torch) <= {"nvidia-ml-py"}  # a binding alone, without anything of CUDA


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_lock_of_stable_audio_pins_what_users_are_told_to_install(version):
    path = ROOT / "engine" / "models" / "sound" / "requirements.txt"
    wanted = [line.partition("==") for line in path.read_text().splitlines() if "==" in line]
    locked = pins(version, "run", "test", "local", "sound")
    assert {name: locked[name][0] for name, _, _ in wanted} == {n: v for n, _, v in wanted}


def imported_packages() -> dict[str, Path]:
    """The top-level modules that the code imports, each with a file that does."""
    found = {}
    for folder in sorted(OWN):
        for path in (ROOT / folder).rglob("*.py"):
            found.update({one or other: path for one, other in IMPORTS.findall(path.read_text())})
    return found


def test_every_package_that_the_code_imports_is_declared():
    extras = (
        "api",
        "audio",
        "cloud",
        "cluster",
        "local",
        "objects",
        "provenance",
        "spatial",
        "telemetry",
        "testing",
        "video",
    )
    declared = {canonicalize_name(wanted.name) for wanted in requirements(*extras)}
    sound = (ROOT / "engine" / "models" / "sound" / "requirements.txt").read_text()
    pinned = [line for line in sound.splitlines() if "==" in line]
    declared |= {canonicalize_name(line.partition("==")[0]) for line in pinned}
    imported = imported_packages()
    installed = providers(imported)
    for name, path in imported.items():
        if name in OWN or name in sys.stdlib_module_names or name not in installed:
            continue  # what is not installed belongs to an extra that is not
        distributions = {canonicalize_name(found) for found in installed[name]}
        assert distributions & declared, f"{path} imports {name}, of {', '.join(distributions)}"
