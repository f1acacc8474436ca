"""Metrics for Prometheus, read from the store at each scrape."""

from starlette.responses import Response

from engine.api.endpoint import Call
from engine.telemetry.scrape import PLAIN, exposition, read_metrics


def metrics(call: Call) -> Response:
    """Answer with the metrics, in the format that the client accepts."""
    services = call.services
    running = services.workspace.engine_process() is not None
    with services.readers.reading() as connection:
        reading = read_metrics(connection, engine=running)
    text, content_type = exposition(reading, call.request.headers.get("accept", PLAIN))
    return Response(text, 200, {"Content-Type": content_type, "Cache-Control": "no-store"})
