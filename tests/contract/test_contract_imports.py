"""The contract is importable where nothing of the interface, the network or the models is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

WITHOUT = """
import sys
blocked = ("textual", "torch", "httpx", "pydantic_settings")
for name in blocked:
    sys.modules[name] = None
import importlib, pkgutil
import engine.contract
names = [m.name for m in pkgutil.walk_packages(engine.contract.__path__, "engine.contract.")]
for name in names:
    importlib.import_module(name)
assert all(sys.modules[name] is None for name in blocked)
assert not any(n.startswith(("engine.runtime", "tui", "engine.backends")) for n in sys.modules)
print(*names)
"""


def test_every_module_of_the_contract_needs_no_heavy_package():
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert {"engine.contract.recipe", "engine.contract.job"} <= set(ran.stdout.split())
