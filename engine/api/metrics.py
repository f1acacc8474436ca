"""Metrics for Prometheus, read from the store at each scrape."""

from starlette.responses import Response

from engine.api.endpoint import Call
from engine.client.telemetry import metrics_text


def metrics(call: Call) -> Response:
    """Answer with the metrics, in the format that the client accepts."""
    services = call.services
    running = services.workspace.engine_process() is not None
    with services.readers.reading() as connection:
        accept = call.request.headers.get("accept", "")
        text, content_type = metrics_text(connection, engine=running, accept=accept)
    return Response(text, 200, {"Content-Type": content_type, "Cache-Control": "no-store"})
