"""The table of routes, which the server and the OpenAPI document are both made from."""

from engine.api.endpoint import Endpoint
from engine.api.health import healthz, readyz

TABLE: tuple[Endpoint, ...] = (
    Endpoint("GET", "/healthz", healthz, None, "Say that the server is alive.", {200: None}),
    Endpoint(
        "GET",
        "/readyz",
        readyz,
        None,
        "Say whether the store can be read, and whether an engine is at work.",
        {200: None},
        problems=(503,),
    ),
)
