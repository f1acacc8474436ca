"""Requests that are sent twice at once to a server that is killed: each is one batch."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from db.queries import batches as queries
from engine.api.auth.issue import Wanted, issue
from engine.client.workspace import Workspace
from tests.api.conftest import headers
from tests.api.live import Server

RETRY_SECONDS = 0.05


def _body(number: int) -> dict:
    settings = {"width": 64, "height": 64}
    return {
        "recipe": "refine",
        "name": f"n{number}",
        "entries": [f"picture {number}"],
        "settings": settings,
    }


def _post(client: httpx.Client, server: Server, number: int) -> str:
    """Send a request until it is answered for good; return the batch's id."""
    while True:
        try:
            answer = client.post(
                f"{server.url}/v1/batches",
                json=_body(number),
                headers={"Idempotency-Key": f"key-{number}"},
            )
        except httpx.TransportError:
            time.sleep(RETRY_SECONDS)
            continue
        if answer.status_code not in {409, 503}:
            assert answer.status_code == 201, answer.text
            return answer.json()["id"]
        time.sleep(RETRY_SECONDS)


def _queue_while_killed(root, posts: int, kills: int) -> None:
    workspace = Workspace(root, create=True)
    secret = issue(workspace, Wanted("t", ["write", "spend"], None)).secret
    server = Server(root)
    server.start()
    done = threading.Event()
    answered = threading.Semaphore(0)

    def kill_now_and_then() -> None:
        for _ in range(kills):
            for _ in range(max(1, posts // (kills + 1))):
                answered.acquire()
            if done.is_set():
                return
            server.kill()
            server.start()

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        with httpx.Client(headers=headers(secret), timeout=60) as client:

            def twice(number: int) -> set[str]:
                with ThreadPoolExecutor(2) as pair:
                    ids = set(pair.map(lambda n: _post(client, server, n), [number] * 2))
                answered.release()
                return ids

            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(twice, range(posts)))
    finally:
        done.set()
        answered.release(posts)
        killer.join()
        server.stop()
    assert all(len(ids) == 1 for ids in answers)
    again = Workspace(root)  # opening it removes what a killed process was queueing
    with again.reading() as connection:
        rows = queries.batches(connection, -1)
    assert sorted(row.name for row in rows) == sorted(f"n{number}" for number in range(posts))
    assert {f"b{row.id}" for row in rows} == set().union(*answers)
    assert all(row.total == 1 for row in rows)


def test_requests_sent_twice_survive_kills(tmp_path) -> None:
    _queue_while_killed(tmp_path / "w", posts=12, kills=2)


@pytest.mark.slow
def test_a_thousand_requests_sent_twice_survive_twenty_kills(tmp_path) -> None:
    _queue_while_killed(tmp_path / "w", posts=1000, kills=20)
