"""Hosts with torch."""

import pytest

from engine.contract import Retryable
from tests.models.hosts.conftest import MakeTrial
from tests.support import torch_models
from tests.support.optional import needs

needs("torch")


async def test_a_model_of_torch_has_its_threads_and_gives_its_answers(
    trial: MakeTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    hosts = trial(cpu_threads=1)
    rows = [[float(n == place) for n in range(8)] for place in range(4)]
    tasks = [torch_models.task("multiply", row) for row in rows]
    threads, *answers = await hosts.answers(torch_models.task("threads"), *tasks)
    assert threads == 1
    expected = torch_models.Layer(1, "cpu").run("multiply", rows, None)
    for answer, row in zip(answers, expected, strict=True):
        assert answer == pytest.approx(row, abs=1e-6)
    assert hosts.state().models[0].bytes == 8 * 8 * 4


async def test_a_device_that_is_not_there_is_said_in_the_log(
    trial: MakeTrial, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    if torch.cuda.device_count() > 99:
        pytest.skip("it is there")
    hosts = trial(devices=["cuda:99"])
    with pytest.raises(Retryable, match=r"The host on cuda:99 ended .*its device failed"):
        await hosts.answer(torch_models.task("threads"))
    assert "cuda:99 cannot be used" in caplog.text
