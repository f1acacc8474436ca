"""Addresses of Ray clusters, and the questions that are put to a server before it gets a token."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Blocked
from engine.models.hosts.links.ray_address import checked_address, ray_environment
from engine.models.hosts.links.ray_machine import RayMachine

grpc = pytest.importorskip("grpc", reason="grpcio is not installed")

GCS, CLIENT = "/ray.rpc.NodeInfoGcsService/CheckAlive", "/ray.rpc.RayletDriver/ClusterInfo"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("ray://auto", "auto"),
        ("ray://head.example.org:10001", "head.example.org:10001"),
        ("ray://[fe80::1]:6379", "[fe80::1]:6379"),
    ],
)
def test_an_address(name: str, address: str) -> None:
    assert checked_address(name) == address


@pytest.mark.parametrize(
    "name",
    [
        *("ray://", "ray://head", "ray://head:0", "ray://head:70000", "ray://-o:1", "ray://a b:1"),
        *("ray://user@head:1", "ray://head:1/x", "ray://head:1?token=x", "ray://local\n:1"),
    ],
)
def test_what_is_no_address(name: str) -> None:
    with pytest.raises(ValueError, match="is not ray://auto or ray://host:port"):
        RayMachine(name)


def test_keys_stay_here_and_tokens_are_wanted() -> None:
    here = {"OPENAI_API_KEY": "x", "AWS_SECRET_ACCESS_KEY": "x", "PATH": "/bin", "RAY_TMPDIR": "/t"}
    passed = ray_environment(here)
    assert "x" not in passed.values()
    assert (passed["PATH"], passed["RAY_TMPDIR"], passed["RAY_AUTH_MODE"]) == (
        "/bin",
        "/t",
        "token",
    )
    assert ray_environment({"RAY_AUTH_MODE": "disabled"})["RAY_AUTH_MODE"] == "disabled"


async def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(Blocked, match="Ray is not installed here") as caught:
        await RayMachine("ray://auto").devices()
    assert "cluster" in caught.value.remedy


class Server:
    """A gRPC server that answers one method, to those who have the token if there is one."""

    def __init__(self, method: str, token: str) -> None:
        self.method, self.token = method, token
        self.heard: list[str] = []
        self.server = grpc.server(ThreadPoolExecutor(1))
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def service(self, details: Any) -> Any:
        if details.method != self.method:
            return None
        self.heard += [
            value for name, value in details.invocation_metadata if name == "authorization"
        ]

        def answer(_request: bytes, context: Any) -> bytes:
            if self.token and f"Bearer {self.token}" not in self.heard:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    (tmp_path / "token").write_text("secret\n")
    yield "secret"


@pytest.mark.parametrize(("method", "scheme"), [(GCS, ""), (CLIENT, "ray://")])
def test_a_head_and_ray_client_are_told_apart(method: str, scheme: str, token: str) -> None:
    from engine.models.hosts.links.ray_server import checked_server

    server = Server(method, token)
    assert checked_server(server.address, "token") == scheme + server.address
    server.server.stop(None)


def test_an_open_cluster_is_refused_and_never_gets_the_token(token: str) -> None:
    from engine.models.hosts.links.ray_server import Refused, checked_server

    server = Server(GCS, "")
    with pytest.raises(Refused, match="runs what anybody sends to it") as caught:
        checked_server(server.address, "token")
    assert "RAY_AUTH_MODE=token" in caught.value.remedy
    assert checked_server(server.address, "disabled") == server.address
    assert server.heard == []
    server.server.stop(None)


def test_a_token_that_is_wrong_or_missing(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.models.hosts.links.ray_server import Refused, checked_server

    server = Server(GCS, "another")
    with pytest.raises(Refused, match=r"refuses the token of this machine\."):
        checked_server(server.address, "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/nowhere")
    with pytest.raises(Refused, match=r"needs a token\."):
        checked_server(server.address, "token")
    server.server.stop(None)


def test_another_server_or_none(token: str) -> None:
    from engine.models.hosts.links.ray_server import Refused, checked_server

    server = Server("/another/Method", "")
    with pytest.raises(Refused, match="No Ray cluster answers"):
        checked_server(server.address, "token")
    server.server.stop(None).wait()
    with pytest.raises(Refused, match="cannot be reached") as caught:
        checked_server(server.address, "token")
    assert caught.value.for_now
