"""Large replies are let go as soon as they are read, without waiting for a collection."""

import gc
import weakref

import httpx

from engine.backends.common.http import guarded


async def test_a_reply_that_was_read_refers_to_itself_no_longer() -> None:
    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b"x" * 1000))

    limits = guarded(httpx, "http://127.0.0.1", timeout=1)
    limits.pop("verify")
    gc.collect()
    gc.disable()
    try:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), **limits) as client:
            reply = await client.get("http://127.0.0.1/")
            assert reply.content == b"x" * 1000
            gone = weakref.ref(reply)
            await reply.aclose()  # once more does no harm
            del reply
            assert gone() is None
    finally:
        gc.enable()
