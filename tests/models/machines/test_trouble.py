"""Machines that cannot be used: each reason is one clear message with what to do."""

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config.settings import SettingsError, read_settings
from engine.contract import Blocked, Retryable, StepError
from engine.contract.host_settings import HostSettings
from engine.models.hosts.links.machine_name import ssh_target
from engine.models.hosts.links.ssh import SshMachine
from tests.models.machines.conftest import Far
from tests.support.ssh_machines import ROOT, write_ssh

OTHER_VERSION = shlex.quote(
    "import sys, engine as known; known.__version__ = '9.9'; "
    "from engine.models.hosts.links import far_end; sys.argv = ['far', '--stdio']; far_end.main()"
)


def by(command: str) -> dict[str, str]:
    """Settings of a machine with another command."""
    return {"command": command}


CASES = {
    "stranger": ({}, "host key of stranger is not known", "ssh stranger"),
    "keyless": ({}, "keyless asks for a password", "BatchMode=yes keyless"),
    "nopython": ({"python": "/nowhere/python"}, "no /nowhere/python on", 'machine."nopython"'),
    "bare": (by(f"{sys.executable} -S -I -m engine"), "not installed", "pip install safelight=="),
    "other": (
        by(f"{sys.executable} -c {OTHER_VERSION}"),
        "other has Safelight 9.9",
        "pip install",
    ),
    "talker": (by("cat /dev/zero"), "does not answer as a host", "ssh talker"),
    "ended": (by("exit 3"), r"No host could be started on ended \(exit code 3\)", "hosts.machine"),
}


async def trouble_with(name: str, settings: dict[str, str]) -> StepError | None:
    """The error of looking for a machine's devices."""
    machine = SshMachine(name, HostSettings(machines=[name], machine={name: settings}))
    try:
        await machine.devices()
    except StepError as error:
        return error
    return None


async def test_each_reason_is_told_with_what_to_do(far: Far, tmp_path: Path) -> None:
    _, machines = await far("gpu-a")
    own = machines["gpu-a"]
    config = own.ssh_config()
    folder = own.folder.parent
    other_key = tmp_path / "other_key"
    other_key.write_bytes((own.folder / "host_key").read_bytes())
    other_key.chmod(0o600)
    strange = config.replace("known_hosts", "nothing").replace("gpu-a\n", "stranger\n", 1)
    keyless = config.replace(f"{own.folder}/key", str(other_key)).replace("gpu-a\n", "keyless\n", 1)
    others = " ".join(name for name in CASES if name not in ("stranger", "keyless"))
    closed = config.replace("gpu-a\n", "closed\n", 1).replace(str(own.proxy.port), "1")
    write_ssh(folder, strange + keyless + closed + config.replace("gpu-a\n", f"{others}\n", 1))
    found = await asyncio.gather(
        trouble_with("closed", {}), *(trouble_with(name, case[0]) for name, case in CASES.items())
    )
    assert isinstance(found[0], Retryable) and "closed cannot be reached" in found[0].message
    for error, (_, message, remedy) in zip(found[1:], CASES.values(), strict=True):
        assert isinstance(error, Blocked) and error.reason == "backend"
        assert re.search(message, error.message), error.message
        assert remedy in error.remedy


async def test_a_shell_that_greets_is_no_trouble(far: Far) -> None:
    await far("gpu-a")
    greeting = f"echo welcome; {sys.executable} -P -m engine.models.hosts.worker --stdio"
    settings = {"gpu-a": {"command": greeting, "devices": ["cpu", "cpu:1"]}}
    machine = SshMachine("gpu-a", HostSettings(machines=["gpu-a"], machine=settings))
    assert [device.id for device in await machine.devices()] == ["gpu-a/cpu", "gpu-a/cpu:1"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("gpu-a", ["--", "gpu-a"]),
        ("gpu-b:2222", ["-p", "2222", "--", "gpu-b"]),
        ("me@gpu-c", ["--", "me@gpu-c"]),
        ("ssh://me@gpu-c:22/", ["-p", "22", "--", "me@gpu-c"]),
        ("[::1]:2200", ["-p", "2200", "--", "::1"]),
    ],
)
def test_names_are_those_of_ssh(name: str, arguments: list[str]) -> None:
    assert HostSettings(machines=[name]).machines == [name]
    assert ssh_target(name).arguments() == arguments


@pytest.mark.parametrize(
    "name",
    [
        "-oProxyCommand=touch x",
        "gpu a",
        "gpu-a\n",
        "gpu-a;id",
        "$(id)",
        "me@-x",
        "ssh://-x",
        "-x@gpu-a",
        "a/b",
        "a:b",
        "",
        "gpu-a\x1b[2J",
        "%h",
    ],
)
def test_hostile_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"hosts\.machines"):
        read_settings(tmp_path, {"hosts": {"machines": [name]}})
    with pytest.raises(ValueError, match="not the name"):
        ssh_target(name)


@pytest.mark.parametrize(
    "hosts",
    [
        {"machine": {"gpu-b": {}}},
        {"machines": ["gpu-a", "gpu-a"]},
        {"machine": {"gpu-a": {"python": "python;id"}}},
        {"machine": {"gpu-a": {"python": "-c"}}},
        {"machine": {"gpu-a": {"command": "a\nb"}}},
    ],
    ids=str,
)
def test_settings_of_machines_are_checked(tmp_path: Path, hosts: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="hosts"):
        read_settings(tmp_path, {"hosts": {"machines": ["gpu-a"], **hosts}})


def test_the_far_side_is_started_by_hand_only_with_its_argument() -> None:
    command = [sys.executable, "-m", "engine.models.hosts.worker"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, "--stdio" in done.stderr) == (2, True)
