"""Callers and pages: tokens, names of the server, pages of other origins."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from starlette.testclient import TestClient

from db.queries.callers import tokens, workspace_id
from engine.api.app import make_app
from engine.api.auth.issue import Wanted, issue, revoke
from engine.api.auth.signed import issuers, own_key
from engine.api.auth.tokens import in_iso
from engine.text.errors import UserError
from tests.api.conftest import ADDRESS, headers, problem


def test_an_address_of_the_api_needs_a_token(client: TestClient) -> None:
    client.headers.pop("Authorization")
    refused = client.get("/v1/engine")
    problem(refused, 401, "unauthenticated")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic x", "Bearer sl_x", "Bearer ä"])
def test_no_other_header_is_a_token(client: TestClient, value: str) -> None:
    problem(
        client.get("/v1/engine", headers=[(b"Authorization", value.encode("latin-1"))]),
        401,
        "unauthenticated",
    )


def test_a_token_is_kept_as_its_hash_only(workspace, token) -> None:
    secret = token("read")
    with workspace.reading() as connection:
        row = tokens(connection)[-1]
    assert secret not in repr(row)
    assert secret.encode() not in workspace.paths.store.read_bytes()


def test_a_revoked_and_an_expired_token_are_refused(workspace, client: TestClient) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    old = issue(workspace, Wanted("old", ["read"], past)).secret
    problem(client.get("/v1/engine", headers=headers(old)), 401, "unauthenticated")
    young = issue(workspace, Wanted("young", ["read"], None)).secret
    assert client.get("/v1/engine", headers=headers(young)).status_code == 200
    assert revoke(workspace, "young")
    problem(client.get("/v1/engine", headers=headers(young)), 401, "unauthenticated")


def test_a_token_expires_although_the_store_does_not_change(workspace, client: TestClient) -> None:
    for signed in (False, True):
        soon = datetime.now(UTC) + timedelta(seconds=60)
        secret = issue(workspace, Wanted("soon", ["read"], soon, signed=signed)).secret
        assert client.get("/v1/engine", headers=headers(secret)).status_code == 200
        with pytest.MonkeyPatch.context() as patch:
            later = in_iso(datetime.now(UTC) + timedelta(seconds=61))
            patch.setattr("engine.api.auth.gate.now", lambda later=later: later)
            problem(client.get("/v1/engine", headers=headers(secret)), 401, "unauthenticated")


def test_a_signed_token_is_a_row_that_can_be_revoked(workspace) -> None:
    issued = issue(workspace, Wanted("sig", ["read"], None, signed=True))
    client = TestClient(make_app(workspace), ADDRESS, headers=headers(issued.secret))
    assert client.get("/v1/engine").status_code == 200
    revoke(workspace, f"t{issued.number}")
    problem(client.get("/v1/engine"), 401, "unauthenticated")


def _claims(workspace, **changes):
    with workspace.reading() as connection:
        audience = workspace_id(connection)
    claims = {"sub": "x", "aud": audience, "exp": datetime.now(UTC) + timedelta(hours=1)}
    return {name: one for name, one in {**claims, "scope": "read", **changes}.items() if one}


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"exp": None},
        {"sub": None},
        {"aud": None},
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_signed_token_needs_its_claims(workspace, changes) -> None:
    client, key = _foreign(workspace)
    good = jwt.encode(_claims(workspace), key, algorithm="HS256")
    assert client.get("/v1/engine", headers=headers(good)).status_code == 200
    bad = jwt.encode(_claims(workspace, **changes), key, algorithm="HS256")
    problem(client.get("/v1/engine", headers=headers(bad)), 401, "unauthenticated")


def test_no_other_algorithm_is_accepted(workspace) -> None:
    client, key = _foreign(workspace)
    for token in (
        jwt.encode(_claims(workspace), "", algorithm="none"),
        jwt.encode(_claims(workspace), key * 2, algorithm="HS512"),
        jwt.encode(_claims(workspace), "k" * 32, algorithm="HS256"),
    ):
        problem(client.get("/v1/engine", headers=headers(token)), 401, "unauthenticated")


def _foreign(workspace):
    """A server that accepts tokens of another issuer."""
    key = "s" * 40
    (workspace.paths.root / "issuer.key").write_text(key)
    workspace.settings.api.jwt_key_file = "issuer.key"
    workspace.settings.api.jwt_algorithm = "HS256"
    return TestClient(make_app(workspace), ADDRESS), key


def test_a_short_key_is_refused_before_the_server_starts(workspace) -> None:
    (workspace.paths.root / "issuer.key").write_text("short")
    workspace.settings.api.jwt_key_file = "issuer.key"
    workspace.settings.api.jwt_algorithm = "HS256"
    with pytest.raises(UserError, match="32"):
        make_app(workspace)


def test_the_own_key_is_private(workspace) -> None:
    assert len(own_key(workspace.paths)) >= 32
    assert (workspace.paths.private / "api-key").stat().st_mode & 0o777 == 0o600
    assert [one.is_local for one in issuers(workspace.paths, workspace.settings.api)] == [True]


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "", "localhost.", "[::1]", "localhost:9"),
        *("localhost:8765@evil.example", "localhost:", "localhost:9:9"),
    ],
)
def test_another_name_is_421(client: TestClient, host: str) -> None:
    answer = client.get("/healthz", headers={"Host": host})
    if host in {"localhost.", "[::1]", "localhost:9"}:
        assert answer.status_code == 200
    else:
        problem(answer, 421, "unknown-host")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", 200),
        ("https://127.0.0.1:8000", 403),
        ("http://127.0.0.1:8001", 403),
        ("http://localhost:8000", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_origin_is_403(client: TestClient, origin: str, status: int) -> None:
    answer = client.get("/healthz", headers={"Origin": origin})
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    if status == 403:
        problem(answer, 403, "foreign-origin")


def test_a_request_of_another_site_is_403(client: TestClient) -> None:
    site = {"Sec-Fetch-Site": "cross-site"}
    problem(client.get("/v1/engine", headers=site), 403, "foreign-origin")
    followed = site | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/healthz", headers=followed).status_code == 200
    problem(client.post("/v1/batches", headers=followed), 403, "foreign-origin")


def test_every_answer_has_the_headers_of_a_careful_server(client: TestClient) -> None:
    for path in ("/healthz", "/v1/jobs/j1", "/nothing", "/v1/jobs/j99"):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert json.loads(answer.content)
