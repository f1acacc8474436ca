"""The example plugins: built as wheels, installed elsewhere, found, tested and run."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLUGINS = {"plugin-recipe": "poster", "plugin-backend": "webui"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both plugins installed from their wheels."""
    folder = tmp_path_factory.mktemp("plugins")
    for plugin in PLUGINS:
        source = ROOT / "examples" / plugin
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
        subprocess.run(
            [*command, "--outdir", str(folder / "dist"), str(source)],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    for wheel in (folder / "dist").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "site")
    return folder / "site"


def _run(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(site), str(ROOT), *(part for part in sys.path if part)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("plugin", PLUGINS)
def test_its_own_tests_pass(site: Path, tmp_path: Path, plugin: str):
    tests = ROOT / "examples" / plugin / "tests"
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tests), "-c", os.devnull]
    ran = _run(site, tmp_path, "-m", "pytest", *options, str(tests))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_they_are_listed(site: Path, tmp_path: Path):
    ran = _run(site, tmp_path, "-m", "safelight", "plugins", "--json")
    assert ran.returncode == 0, ran.stderr
    listed = json.dumps(json.loads(ran.stdout))
    assert "safelight-poster" in listed
    assert "safelight-webui" in listed


def test_the_recipe_runs_on_the_embedded_backends(site: Path, tmp_path: Path):
    (tmp_path / "events.txt").write_text("A jazz night at the harbour\n")
    sizes = ["--set", "width=96", "--set", "height=128"]
    command = ["-m", "safelight", "run", "poster", "events.txt", "--variations", "2", "--plain"]
    ran = _run(site, tmp_path, *command, *sizes)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shown = _run(site, tmp_path, "-m", "safelight", "show", "j1", "--json")
    assert shown.returncode == 0, shown.stderr
    assert "screen-printed poster" in shown.stdout


@pytest.mark.slow
def test_the_recipe_refuses_a_flag_of_another(site: Path, tmp_path: Path):
    (tmp_path / "events.txt").write_text("A jazz night at the harbour\n")
    ran = _run(
        site, tmp_path, "-m", "safelight", "run", "refine", "events.txt", "--variations", "2"
    )
    assert ran.returncode == 2
    assert "--variations" in ran.stderr


@pytest.mark.parametrize("plugin", PLUGINS)
def test_it_is_short_enough_to_read(plugin: str):
    modules = list((ROOT / "examples" / plugin).glob("safelight_*/__init__.py"))
    assert len(modules) == 1
    assert len(modules[0].read_text().splitlines()) <= 122


def test_they_need_the_public_names_only():
    for plugin in PLUGINS:
        for path in (ROOT / "examples" / plugin).rglob("*.py"):
            text = path.read_text()
            assert "import engine" not in text
            assert "from engine" not in text
