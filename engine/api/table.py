"""The table of routes, the source of the server's routes and of the OpenAPI document."""

from engine.api import batches, jobs, state
from engine.api.endpoint import Endpoint
from engine.api.health import healthz, readyz

_HEALTH = (
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

_BATCHES = (
    Endpoint(
        "GET",
        "/v1/batches",
        batches.batches,
        "read",
        "List batches, the newest first.",
        {200: None},
        query=batches.BatchPage,
    ),
    Endpoint("GET", "/v1/batches/{batch}", batches.batch, "read", "Show a batch.", {200: None}),
    Endpoint(
        "GET",
        "/v1/batches/{batch}/jobs",
        jobs.jobs_of_batch,
        "read",
        "List the jobs of a batch by position or score, page by page.",
        {200: None},
        query=jobs.JobPage,
    ),
)

_JOBS = (
    Endpoint("GET", "/v1/jobs/{job}", jobs.job, "read", "Show a job.", {200: None}),
    *(
        Endpoint(
            "GET",
            f"/v1/jobs/{{job}}/{name}",
            jobs.part(name),
            "read",
            f"List the {name} of a job.",
            {200: None},
        )
        for name in jobs.PARTS
    ),
    Endpoint("GET", "/v1/steps/{step}", jobs.step, "read", "Show a step.", {200: None}),
)

_STATE = (
    Endpoint("GET", "/v1/engine", state.engine, "read", "Show the engine.", {200: None}),
    Endpoint("GET", "/v1/lanes", state.lanes, "read", "List the lanes.", {200: None}),
    Endpoint("GET", "/v1/hosts", state.hosts, "read", "List the model hosts.", {200: None}),
    Endpoint("GET", "/v1/costs", state.costs, "read", "Show the spending.", {200: None}),
)

TABLE: tuple[Endpoint, ...] = (*_HEALTH, *_BATCHES, *_JOBS, *_STATE)
"""Every address of the API."""
