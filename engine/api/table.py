"""The table of routes, the source of the server's routes and of the OpenAPI document."""

from collections.abc import Iterator

from engine.api import (
    artifacts,
    batches,
    budgets,
    catalog,
    commands,
    decisions,
    generation,
    health,
    jobs,
    metrics,
    search,
    state,
)
from engine.api.endpoint import Endpoint
from engine.api.events import pages, stream
from engine.api.intake import batches as intake
from engine.api.intake.bodies import BatchBody, EntriesBody

_REFUSED = (402, 409, 413, 415, 422, 429, 507)
"""Refusals of requests that queue work."""

_HEALTH = (
    Endpoint("GET", "/healthz", health.healthz, None, "Say that the server is alive.", 200),
    Endpoint(
        "GET",
        "/readyz",
        health.readyz,
        None,
        "Say whether the store can be read, and whether an engine is at work.",
        200,
        problems=(503,),
    ),
    Endpoint("GET", "/openapi.json", health.openapi, None, "Describe this API.", 200),
    Endpoint("GET", "/problems/{code}", health.problem, None, "Explain a refusal.", 200),
)

_GENERATION = (
    Endpoint(
        "POST",
        "/api/generate",
        generation.generate,
        "write",
        "Make a storyboard from a prompt.",
        202,
        body=generation.GenerationBody,
        problems=_REFUSED,
    ),
    Endpoint(
        "POST",
        "/api/generate-with-image",
        generation.generate_with_image,
        "write",
        "Make a storyboard from a prompt and the image of its first scene.",
        202,
        form={"image": "The first scene's image, PNG, JPEG or WebP."},
        form_body=generation.GenerationBody,
        problems=_REFUSED,
    ),
    Endpoint(
        "GET",
        "/api/status/{generation_id}",
        generation.status,
        "read",
        "Show how far a storyboard is.",
        200,
    ),
)

_INTAKE = (
    Endpoint(
        "POST",
        "/v1/estimates",
        intake.estimate,
        "read",
        "Estimate a batch; nothing is kept.",
        200,
        body=BatchBody,
        problems=(409, 413, 415, 422),
    ),
    Endpoint(
        "POST",
        "/v1/batches",
        intake.queue,
        "write",
        "Queue a batch: all of it, or nothing.",
        201,
        body=BatchBody,
        problems=_REFUSED,
    ),
    Endpoint(
        "POST",
        "/v1/batches/{batch}/entries",
        intake.append,
        "write",
        "Append entries to a batch: all of them, or none.",
        200,
        body=EntriesBody,
        problems=_REFUSED,
    ),
)

_BATCHES = (
    Endpoint(
        "GET",
        "/v1/batches",
        batches.batches,
        "read",
        "List batches, the newest first.",
        200,
        query=batches.BatchPage,
    ),
    Endpoint("GET", "/v1/batches/{batch}", batches.batch, "read", "Show a batch.", 200, waits=True),
    Endpoint(
        "PATCH",
        "/v1/batches/{batch}",
        budgets.patch,
        "write",
        "Change priority and budget of a batch, if it is as the caller has seen it.",
        (200, 202),
        body=budgets.BatchPatch,
        problems=(402, 409, 412, 415, 422, 428),
    ),
    Endpoint(
        "GET",
        "/v1/batches/{batch}/jobs",
        jobs.jobs_of_batch,
        "read",
        "List the jobs of a batch by position or score, page by page.",
        200,
        query=jobs.JobPage,
    ),
)

_JOBS = (
    Endpoint("GET", "/v1/jobs/{job}", jobs.job, "read", "Show a job.", 200, waits=True),
    *(
        Endpoint(
            "GET",
            f"/v1/jobs/{{job}}/{name}",
            jobs.part(name),
            "read",
            f"List the {name} of a job.",
            200,
        )
        for name in jobs.PARTS
    ),
    Endpoint("GET", "/v1/steps/{step}", jobs.step, "read", "Show a step.", 200),
    Endpoint(
        "PUT",
        "/v1/jobs/{job}/decisions/{key:path}",
        decisions.decide,
        "decide",
        "Decide something in a recipe's place; what depends on it runs again.",
        (200, 202),
        body=decisions.DecisionBody,
        problems=(409, 415, 422),
    ),
    Endpoint(
        "POST",
        "/v1/jobs/{job}/decisions:preview",
        decisions.preview,
        "read",
        "Show what a decision would have run again.",
        200,
        body=decisions.PreviewBody,
        problems=(409, 415, 422),
    ),
)

_ARTIFACTS = (
    Endpoint(
        "POST",
        "/v1/artifacts",
        artifacts.upload,
        "write",
        "Upload a file that entries can name.",
        (200, 201),
        query=artifacts.UploadQuery,
        takes_file=True,
        problems=(409, 413, 422, 507),
    ),
    Endpoint(
        "GET",
        "/v1/artifacts/{sha256}",
        artifacts.read,
        "read",
        "Read a stored file, or ranges of it.",
        200,
        query=artifacts.ArtifactQuery,
        gives_file=True,
        problems=(416, 503, 507),
    ),
    Endpoint(
        "GET",
        "/v1/artifacts/{sha256}/thumbnail",
        artifacts.thumbnail,
        "read",
        "Read a thumbnail of a stored file.",
        200,
        query=artifacts.ThumbnailQuery,
        gives_file=True,
        problems=(416,),
    ),
)

_STATE = (
    Endpoint(
        "GET",
        "/v1/events",
        stream.events,
        "read",
        "List events, or follow them as a stream with `Accept: text/event-stream`.",
        200,
        query=pages.EventQuery,
        gives_stream=True,
        problems=(410, 429),
    ),
    Endpoint("GET", "/v1/commands/{command}", commands.show, "read", "Show a command.", 200),
    Endpoint("GET", "/v1/engine", state.engine, "read", "Show the engine.", 200),
    Endpoint("GET", "/v1/lanes", state.lanes, "read", "List the lanes.", 200),
    Endpoint("GET", "/v1/hosts", state.hosts, "read", "List the model hosts.", 200),
    Endpoint("GET", "/v1/costs", state.costs, "read", "Show the spending.", 200),
    Endpoint(
        "GET",
        "/v1/costs/retries",
        state.retries,
        "read",
        "Show what faults have cost, and what recovered.",
        200,
        query=state.RetriesQuery,
    ),
    Endpoint(
        "GET",
        "/v1/budgets/{subject}",
        budgets.budget,
        "read",
        "Show the budget of the `workspace`, of a `day` or of a batch.",
        200,
    ),
    Endpoint(
        "PUT",
        "/v1/budgets/{subject}",
        budgets.set_budget,
        "spend",
        "Change the budget of a batch.",
        (200, 202),
        body=budgets.BudgetBody,
        problems=(402, 409, 415, 422),
    ),
    Endpoint(
        "GET",
        "/metrics",
        metrics.metrics,
        "read",
        "Show metrics for Prometheus.",
        200,
        gives_text=True,
        problems=(409,),
    ),
    Endpoint(
        "GET",
        "/v1/search",
        search.search,
        "read",
        "Search the prompts, critiques, reasons, notes, models and keys of finished jobs.",
        200,
        query=search.SearchQuery,
    ),
    Endpoint("GET", "/v1/recipes", catalog.recipes, "read", "List the recipes.", 200),
    Endpoint("GET", "/v1/recipes/{recipe}", catalog.recipe, "read", "Show a recipe.", 200),
    Endpoint(
        "GET",
        "/v1/recipes/{recipe}/schema",
        catalog.schema,
        "read",
        "Show the schemas of a recipe's entries and settings.",
        200,
    ),
    Endpoint("GET", "/v1/backends", catalog.backends, "read", "List the backends.", 200),
)

_PATHS = {
    "batch": "/v1/batches/{batch}",
    "job": "/v1/jobs/{job}",
    "engine": "/v1/engine",
    "lane": "/v1/engine",
}


def _commands() -> Iterator[Endpoint]:
    """Yield an address for each command and each subject that it applies to."""
    for action in commands.COMMANDS:
        for subject in action.applies_to:
            yield Endpoint(
                "POST",
                f"{_PATHS[subject]}/{action.verb}",
                commands.command(action, subject if subject in {"batch", "job"} else "engine"),
                commands.SCOPES.get(action.verb, "write"),
                action.help,
                (200, 202),
                body=commands.body_of(action),
                problems=(409, 415, 422),
            )


TABLE: tuple[Endpoint, ...] = (
    *_HEALTH,
    *_GENERATION,
    *_INTAKE,
    *_BATCHES,
    *_JOBS,
    *_ARTIFACTS,
    *_STATE,
    *_commands(),
)
"""Every address of the API."""
