"""Fixtures of telemetry: a workspace of toys, and a collector that decodes what it gets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.engines import Toy
from tests.support.receiver import Receiver, receiving


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A workspace with one recipe and one backend."""
    return Toy(tmp_path)


@dataclass
class CollectorServer:
    """A collector of OTLP on this machine."""

    receiver: Receiver

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.receiver.port}"

    @property
    def spans(self) -> list[Any]:
        """The spans of all requests, decoded by the classes of the protocol."""
        spans: list[Any] = []
        for message in self.receiver.messages:
            assert message.headers["content-type"] == "application/x-protobuf"
            request = ExportTraceServiceRequest()
            request.ParseFromString(message.body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    assert scope.scope.name == "safelight"
                    spans += scope.spans
        return spans


@pytest.fixture
def collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CollectorServer]:
    """A collector; no variable of the environment names another one."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("ENDPOINT", "HEADERS", "TRACES_ENDPOINT", "PROTOCOL"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    with receiving() as receiver:
        yield CollectorServer(receiver)
