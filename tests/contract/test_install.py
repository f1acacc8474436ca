"""The command that adds what is missing fits the way in which Safelight was installed."""

import importlib.util
import json
import sys

import pytest

from engine.contract import install as installing
from engine.contract.install import install_command


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Stands for an installation: its folder, where it came from, and what it has."""

    def install(mark="", origin=None, modules=("pip",)):
        if mark:
            (tmp_path / mark).touch()
        monkeypatch.setattr(sys, "prefix", str(tmp_path))
        monkeypatch.setattr(sys, "executable", f"{tmp_path}/bin/python")
        monkeypatch.setattr(installing, "_origin", lambda: json.loads(json.dumps(origin or {})))
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name in modules or None)
        return f"{tmp_path}/bin/python"

    return install


def test_in_a_virtual_environment_its_own_pip_is_used(installed):
    python = installed()
    assert install_command(extra="cloud") == f"{python} -m pip install --upgrade 'safelight[cloud]'"
    assert install_command(package="httpx[socks]").endswith("--upgrade 'httpx[socks]'")


def test_a_checkout_is_installed_again_with_the_extra(installed):
    python = installed(origin={"url": "file:///src/safe%20light", "dir_info": {"editable": True}})
    assert install_command(extra="local") == (
        f"{python} -m pip install --upgrade --editable '/src/safe light[local]'"
    )


def test_an_environment_of_uv_has_no_pip(installed):
    python = installed(modules=())
    assert install_command(extra="cloud") == (
        f"uv pip install --python {python} --upgrade 'safelight[cloud]'"
    )


def test_uv_tool_keeps_the_extras_that_are_there(installed):
    installed(mark="uv-receipt.toml", modules=("openai",))
    assert install_command(extra="local") == "uv tool install 'safelight[cloud,local]'"
    assert install_command(package="httpx[socks]") == (
        "uv tool install 'safelight[cloud]' --with 'httpx[socks]'"
    )
    installed(mark="uv-receipt.toml", modules=("verovio",))
    assert install_command(extra="local") == "uv tool install 'safelight[audio,local]'"


def test_uv_tool_from_a_folder(installed):
    installed(mark="uv-receipt.toml", origin={"url": "file:///src/safelight", "dir_info": {}})
    assert install_command(extra="cloud") == "uv tool install '/src/safelight[cloud]'"


def test_pipx(installed):
    origin = {"url": "https://host.example/safelight.git", "vcs_info": {"vcs": "git"}}
    installed(mark="pipx_metadata.json", origin=origin)
    assert install_command(extra="cloud") == (
        "pipx install --force 'safelight[cloud] @ git+https://host.example/safelight.git'"
    )
    assert install_command(package="httpx[socks]") == "pipx inject safelight 'httpx[socks]'"
