"""Plugins of other packages: found, listed, used; a broken one never breaks anything else."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.contract import BackendFamily, BackendInfo, BaseBackend
from engine.contract.audio import AudioInfo
from engine.kinds.registry import kinds
from engine.plugins.catalog import EntryPointCatalog, UnknownName
from engine.plugins.points import OURS, BrokenPlugin, Plugin
from tests.plugins.packages import CHIMES, GOOD, install, install_text
from tests.support.backends import InfoBackend, toy_info

BAD_SOURCE = """
GOOD_TYPE = 5


def __getattr__(name):
    raise RuntimeError(f"no {name} today \\x1b[31m[bold]")
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder that packages are installed in."""
    folder = tmp_path / "site"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(folder))
    kinds.cache_clear()
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    kinds.cache_clear()


@pytest.fixture
def broken(site: Path) -> Path:
    """A package whose every plugin is broken in another way."""
    kinds_ = {"odd": "bad:GOOD_TYPE"}
    backends = {
        "gone": "no_such_module:FAMILY",
        "quits": "quits:FAMILY",
        "raises": "bad:FAMILY",
        "number": "bad:GOOD_TYPE",
        "nonsense": ":::",
        "fal": "bad:FAMILY",
    }
    points = {
        "safelight.recipes": dict(backends),
        "safelight.backends": backends,
        "safelight.capabilities": {"raises": "bad:X", "image": "bad:X"},
        "safelight.kinds": kinds_,
    }
    install(site, "acme-broken", points, bad=BAD_SOURCE, quits="raise SystemExit(3)")
    return site


def listed(capfd: pytest.CaptureFixture[str]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Entries of `safelight plugins --json`, by group, name and package."""
    capfd.readouterr()
    assert main(["plugins", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert document["version"] == 1
    return {(one["group"], one["name"], one["package"]): one for one in document["plugins"]}


def test_our_own_are_all_listed_and_work(capfd: pytest.CaptureFixture[str]) -> None:
    found = listed(capfd)
    ours = {key: one for key, one in found.items() if key[2] == "safelight"}
    for group, names in OURS.items():
        assert {name for kind, name, _ in ours if kind == group} == set(names)
    assert {name for kind, name, _ in ours if kind == "kind"} >= {"image", "audio", "video"}
    assert all(one["error"] is None for one in ours.values())
    fal = found["backend", "fal", "safelight"]
    assert set(fal) == {"group", "name", "package", "version", "module", "error"}
    assert fal["module"] == "engine.backends.fal"


def test_our_entry_points_are_those_of_the_package() -> None:
    """The table that saves a search, and what pip writes down, say the same."""
    import tomllib

    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    for group, names in OURS.items():
        written = {"recipe": "recipes", "backend": "backends", "capability": "capabilities"}[group]
        assert project["entry-points"][f"safelight.{written}"] == dict(names)


def test_another_package_is_listed_and_used(
    site: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install(site, "acme-chimes", GOOD, chimes=CHIMES)
    found = listed(capfd)
    for group, name in (("recipe", "chime"), ("backend", "bells"), ("capability", "smell")):
        row = found[group, name, "acme-chimes"]
        assert (row["version"], row["module"], row["error"]) == ("1.2", "chimes", None)
    assert main(["plugins"]) == 0
    assert "acme-chimes 1.2" in capfd.readouterr().out

    source = tmp_path / "prompts.txt"
    source.write_text("a bell\n")
    root = tmp_path / "workspace"
    assert main(["run", "chime", str(source), "--workspace", str(root), "--plain"]) == 0
    with Workspace(root).reading() as connection:
        step = connection.execute("SELECT name, operation, backend, state FROM steps").fetchone()
    assert tuple(step) == ("ding", "generate_audio", "bells", "done")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone", "ModuleNotFoundError"),
        ("quits", "SystemExit: 3"),
        ("raises", "RuntimeError: no FAMILY today"),
        ("number", "is not a BackendFamily"),
        ("nonsense", "cannot be loaded: ValueError"),
    ],
)
def test_a_broken_one_is_named_with_its_package(
    broken: Path, name: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error = listed(capfd)["backend", name, "acme-broken"]["error"]
    assert reason in error
    assert f"'{name}' of acme-broken 1.2" in error
    assert error.endswith("Update or uninstall acme-broken.")
    with pytest.raises(BrokenPlugin, match="acme-broken"):
        EntryPointCatalog().family(name)


def test_a_name_that_is_taken_stays_ours(broken: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = listed(capfd)
    assert found["backend", "fal", "safelight"]["error"] is None
    said = found["backend", "fal", "acme-broken"]["error"]
    assert said.startswith("Not used: safelight 0.")
    assert found["capability", "image", "acme-broken"]["error"].startswith("Not used")
    assert "is not a Kind" in found["kind", "odd", "acme-broken"]["error"]


def test_its_text_is_no_terminal_escape(broken: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    out = capfd.readouterr().out
    assert "no FAMILY today" in out
    assert "\x1b" not in out
    assert "[bold]" in out, "no markup either"


@pytest.mark.parametrize(
    "command",
    [
        ["recipes"],
        ["backends"],
        ["plugins"],
        ["models", "list"],
        ["run", "--help"],
        ["run", "refine", "--help"],
        ["trust"],
        ["init"],
    ],
)
def test_a_broken_package_breaks_no_command(
    broken: Path, tmp_path: Path, command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    place = [] if command[-1] == "--help" else ["--workspace", str(root)]
    assert main([*command, *place]) == 0
    assert "Traceback" not in capfd.readouterr().err


def test_running_a_broken_recipe_is_one_error(
    broken: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "prompts.txt"
    source.write_text("a bell\n")
    root = str(tmp_path / "workspace")
    assert main(["run", "raises", str(source), "--workspace", root, "--plain"]) == 2
    error = capfd.readouterr().err
    assert "The recipe 'raises' of acme-broken 1.2 cannot be loaded" in error
    assert "Traceback" not in error


def test_metadata_that_cannot_be_read_hides_no_other_package(
    site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install(site, "acme-chimes", GOOD, chimes=CHIMES)
    install_text(site, "acme-torn", "[safelight.backends]\nno equals sign here\n")
    assert listed(capfd)["backend", "bells", "acme-chimes"]["error"] is None


def test_what_cannot_be_loaded_is_left_out_and_logged(
    broken: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = EntryPointCatalog()
    with caplog.at_level(logging.WARNING):
        assert {recipe.name for recipe in catalog.all_recipes()} == set(OURS["recipe"])
        assert {family.name for family in catalog.all_families()} == set(OURS["backend"])
    assert "The recipe 'gone' of acme-broken 1.2" in caplog.text


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UnknownName, match="There is no capability 'taste'; there are: audio,"):
        EntryPointCatalog().capability("taste")


# -- what a family makes -------------------------------------------------------------------------


class NoSettings(BaseModel):
    """None."""


class Duck:
    """Looks a little like a backend."""

    info = BackendInfo(name="mine", capability="audio", model="m", version="1", lane="l")


class NoInfo(BaseBackend):
    """Has not said what it is."""

    info = "mine"  # type: ignore[assignment]


MADE: dict[str, object] = {}
FAMILY = BackendFamily(
    name="mine",
    summary="Mine.",
    settings=NoSettings,
    factories={"audio": lambda _settings, _environment: MADE["backend"]},  # type: ignore[dict-item,return-value]
)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (Duck(), "is not a Backend; derive it from BaseBackend"),
        (NoInfo(), "has no BackendInfo as its info"),
        (InfoBackend(toy_info("other", "audio", AudioInfo)), "describes itself as 'other' for"),
        (InfoBackend(toy_info("mine", "video")), "describes itself as 'mine' for video"),
        (InfoBackend(toy_info("mine", "audio", AudioInfo)), "does not implement AudioBackend"),
    ],
)
def test_a_backend_that_is_none_is_refused_before_it_is_asked(made: object, problem: str) -> None:
    MADE["backend"] = made
    catalog = EntryPointCatalog(families={"mine": f"{__name__}:FAMILY"})
    with pytest.raises(BrokenPlugin, match=f"The backend 'mine' for audio {problem}"):
        catalog.backend("audio", "mine", {}, {})


def test_a_plugin_has_the_name_of_its_entry_point() -> None:
    catalog = EntryPointCatalog(families={"yours": f"{__name__}:FAMILY"})
    with pytest.raises(BrokenPlugin, match=r"The backend 'yours' .* calls itself 'mine'"):
        catalog.family("yours")


def test_a_target_may_be_inside_a_class() -> None:
    assert Plugin("backend", "mine", f"{__name__}:Duck.info").load(BackendInfo) is Duck.info
