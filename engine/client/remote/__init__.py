"""The client of another machine's workspace, over its HTTP API.

`asking.py` has requests and answers without a network, `operations/` their order,
once for both, and `transport.py` sends it, blocking or with asyncio.
"""
