"""A paid provider of our own: a small HTTP server that writes down every call it carries out.

It knows two ways of being paid. *Submit and poll*: `POST /submit` answers with a request id, and
`GET /poll/ID` gives the result, however often it is asked; submitting is what costs. *Single
call*: `POST /call` answers with the result, and costs each time. The ledger is a file with one
JSON line a charge, synced before the provider answers, so that it outlives everybody.
"""

import asyncio
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Charge:
    """One call that was carried out and is to be paid for."""

    way: str
    prompt: str
    id: str


def charges(ledger: Path) -> list[Charge]:
    """Everything that has been charged so far."""
    if not ledger.exists():
        return []
    lines = ledger.read_text().splitlines()
    return [Charge(**json.loads(line)) for line in lines]


def answer_to(prompt: str) -> str:
    """Answer of the provider; the same prompt always has the same answer."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:16]


class Provider:
    """The server's side."""

    def __init__(self, ledger: Path, delay: float) -> None:
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.delay = delay
        self.requests: dict[str, tuple[str, float]] = {}
        self.count = 0

    def charge(self, way: str, prompt: str) -> str:
        """Writes a charge durably; returns the id of the call."""
        self.count += 1
        charged = Charge(way, prompt, f"{os.getpid()}-{self.count}")
        os.write(self.ledger, json.dumps(vars(charged)).encode() + b"\n")
        os.fsync(self.ledger)
        return charged.id

    async def answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Answer to one request."""
        loop = asyncio.get_running_loop()
        if (method, path) == ("POST", "/submit"):
            prompt = json.loads(body)["prompt"]
            id_ = self.charge("submit", prompt)
            self.requests[id_] = (prompt, loop.time() + self.delay)
            return {"id": id_}
        if method == "GET" and path.startswith("/poll/"):
            prompt, ready = self.requests[path.removeprefix("/poll/")]
            return {"answer": answer_to(prompt) if loop.time() >= ready else None}
        if (method, path) == ("POST", "/call"):
            prompt = json.loads(body)["prompt"]
            self.charge("call", prompt)
            await asyncio.sleep(self.delay)
            return {"answer": answer_to(prompt)}
        raise ValueError(f"{method} {path}")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split(" ", 2)
            lengths = [line for line in head.splitlines() if line.lower().startswith("content-l")]
            length = int(lengths[0].split(":")[1]) if lengths else 0
            body = json.dumps(await self.answer(method, path, await reader.readexactly(length)))
            writer.write(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body.encode())
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked was killed
        finally:
            writer.close()


async def ask(port: int, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The client's side: one request, the decoded answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        data = json.dumps(body or {}).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: provider\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    return json.loads(answer.partition(b"\r\n\r\n")[2])


async def main(ledger: Path, delay: float) -> None:
    """Serves until it is killed; says on standard output where."""
    server = await asyncio.start_server(Provider(ledger, delay).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
