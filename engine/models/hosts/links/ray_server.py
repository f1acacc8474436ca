"""The server at the address of a Ray cluster: its kind, and if it takes orders from anybody.

Imported only in the process that is connected to the cluster.
"""

import os
from pathlib import Path
from typing import Any

import grpc

from engine.models.hosts.links.ray_address import AUTH_MODE
from engine.text.terminal import clean

ASK_SECONDS = 10.0
"""Time limit for an answer."""

_GCS, _CLIENT = "/ray.rpc.NodeInfoGcsService/CheckAlive", "/ray.rpc.RayletDriver/ClusterInfo"
_Code = grpc.StatusCode
_NOTHING = {_Code.UNIMPLEMENTED, _Code.UNAVAILABLE}
_LOCKED = {_Code.UNAUTHENTICATED, _Code.PERMISSION_DENIED}
_USUAL_FILE = "~/.ray/auth_token"


class Refused(Exception):
    """A cluster cannot be used.

    Args:
        message: A sentence.
        remedy: Advice; another sentence.
        for_now: True if it may be usable later without anybody doing anything.
    """

    def __init__(self, message: str, remedy: str = "", *, for_now: bool = False) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.for_now = for_now


def checked_server(address: str, mode: str) -> str:
    """Return the address in Ray's words, of a cluster that does not take orders from anybody.

    It is asked without the token first, which therefore never reaches a server that needs none.

    Args:
        address: `host:port`, of a cluster's head or of Ray Client.
        mode: Authentication: `token`, or `disabled` for a cluster that takes orders from anybody.

    Raises:
        Refused: It cannot be reached, is no cluster, is open to anybody, or refuses the token.
    """
    with _channel(address) as channel:
        answers = {method: _asked(channel, method) for method in (_GCS, _CLIENT)}
        method = next((name for name, code in answers.items() if code not in _NOTHING), None)
        if method is None:
            raise _nobody(address, is_away=_Code.UNAVAILABLE in answers.values())
        if mode != "disabled":
            _check_lock(channel, method, address, is_open=answers[method] not in _LOCKED)
    return address if method == _GCS else f"ray://{address}"


def _nobody(address: str, *, is_away: bool) -> Refused:
    if is_away:
        return Refused(
            f"The Ray cluster at {address} cannot be reached.",
            "Check that it runs, and that its port can be reached from here.",
            for_now=True,
        )
    return Refused(
        f"No Ray cluster answers at {address}.",
        "Give the port of its head (6379) or, from a machine outside it, that of Ray Client "
        "(10001).",
    )


def _check_lock(channel: Any, method: str, address: str, *, is_open: bool) -> None:
    if is_open:
        raise Refused(
            f"The Ray cluster at {address} runs what anybody sends to it.",
            f"Start it with {AUTH_MODE}=token and a token (ray get-auth-token --generate); if its "
            f"network is closed, set {AUTH_MODE}=disabled where Safelight starts.",
        )
    token = _token()
    if not token or _asked(channel, method, token) in _LOCKED:
        state = "refuses the token of this machine" if token else "needs a token"
        raise Refused(
            f"The Ray cluster at {address} {state}.",
            f"Copy the cluster's token to {_USUAL_FILE}, or name its file in RAY_AUTH_TOKEN_PATH.",
        )


def _token() -> str:
    """Return the token as Ray finds it; empty if there is none."""
    if token := os.environ.get("RAY_AUTH_TOKEN", ""):
        return token.strip()
    try:
        path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or _USUAL_FILE)
        return path.expanduser().read_text().strip()
    except (OSError, ValueError, RuntimeError):
        return ""


def _channel(address: str) -> Any:
    if os.environ.get("RAY_USE_TLS", "0") != "1":
        return grpc.insecure_channel(address)
    names = "RAY_TLS_CA_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_SERVER_CERT"
    try:
        parts = [Path(os.environ[name]).read_bytes() for name in names]
    except (KeyError, OSError) as error:
        raise Refused(
            f"RAY_USE_TLS=1 needs files that are not there: {clean(str(error))}.",
            f"Set {', '.join(names)}.",
        ) from error
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(*parts))


def _asked(channel: Any, method: str, token: str = "") -> Any:
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    try:
        channel.unary_unary(method)(b"", timeout=ASK_SECONDS, metadata=metadata)
    except grpc.RpcError as error:
        code = error.code()
        return _Code.UNAVAILABLE if code is _Code.DEADLINE_EXCEEDED else code
    return _Code.OK
