"""Test the API against its own OpenAPI document with schemathesis.

python .ci/schemathesis/run.py SCHEMATHESIS [--seed N] [--max-examples N]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from engine.api.auth.issue import Wanted, issue  # noqa: E402
from engine.client.workspace import Workspace  # noqa: E402
from tests.api.live import serving  # noqa: E402

PHASES = "examples,coverage,fuzzing,stateful"
PROMPTS = ["A red circle on a blue ground", "A bowl of lemons"]


def main() -> int:
    """Run schemathesis; return its exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("schemathesis")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-examples", type=int, default=3)
    options = parser.parse_args()
    memory = Path("/dev/shm")  # noqa: S108 - thousands of commits, of which none has to last
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        root = Path(folder, "workspace")
        workspace = _workspace(root)
        token = issue(workspace, Wanted("schemathesis", ["admin"], None)).secret
        with serving(root) as server:
            for name in ("schemathesis.toml", "hooks.py"):
                shutil.copy(HERE / name, folder)
            command = [
                options.schemathesis,
                *("run", f"{server.url}/openapi.json", "--checks", "all", "--phases", PHASES),
                "--continue-on-failure",
                *("--seed", options.seed, "--max-examples", options.max_examples),
                *("--no-color", "--request-timeout", 40),
            ]
            words = [str(part) for part in command]
            environment = {**os.environ, "API_TOKEN": token}
            return subprocess.run(  # noqa: S603 - our own
                words, cwd=folder, env=environment, check=False
            ).returncode


def _workspace(root: Path) -> Workspace:
    """Return a workspace with a finished batch."""
    workspace = Workspace(root, create=True)
    source = root / "prompts.json"
    source.write_text(json.dumps(PROMPTS))
    settings = {"width": 64, "height": 64, "max_iterations": 2, "seed": 1}
    workspace.follow(workspace.queue("refine", source, settings=settings))
    return workspace


if __name__ == "__main__":
    sys.exit(main())
