"""Machines are taken from the settings file as it is now, and only if the user allows them."""

from pathlib import Path
from typing import Any, cast

import pytest

from engine.client.workspace import Workspace
from engine.config.trust.grants import trust
from engine.contract.host_settings import HostSettings
from engine.runtime.live_settings import LiveSettings
from engine.runtime.machines_watch import MachinesWatch


class Hosts:
    """Keeps the names that the hosts are given."""

    def __init__(self) -> None:
        self.given: list[tuple[list[str], list[str]]] = []

    def use_machines(
        self, settings: HostSettings, names: list[str], refused: dict[str, str]
    ) -> None:
        assert settings.machines == [*names, *refused]
        self.given.append((names, list(refused)))


def test_machines_follow_the_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workspace, hosts = Workspace(tmp_path, create=True), Hosts()
    watch = MachinesWatch(
        LiveSettings(workspace.paths, workspace.settings, None), cast("Any", hosts)
    )
    watch.look()
    assert hosts.given == []
    file = workspace.paths.settings
    file.write_text('[hosts]\nmachines = ["gpu-a"]\n')
    watch.look()
    watch.look()
    assert hosts.given == [([], ["gpu-a"])]
    trust(tmp_path, ["hosts on gpu-a"])
    watch.look()
    file.write_text("[hosts]\nmachines = 3\n")
    watch.look()
    assert "machines stay as they are" in caplog.text
    file.write_text("")
    watch.look()
    assert hosts.given[1:] == [(["gpu-a"], []), ([], [])]
