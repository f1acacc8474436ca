"""Reads of batches."""

from pydantic import Field
from starlette.responses import Response

from db.queries import batches as queries
from engine.api.documents import batch_on_the_wire
from engine.api.endpoint import Call, Parameters
from engine.api.ids import batch_of
from engine.api.jobs import MAX_PAGE
from engine.api.reading import conditional


class BatchPage(Parameters):
    """Query of batches, the newest first."""

    before: str | None = Field(
        None, pattern=r"^b[1-9][0-9]{0,17}$", description="From the link `next`."
    )
    archived: bool = Field(False, description="Archived ones too.")
    limit: int = Field(50, ge=1, le=MAX_PAGE)


def batches(call: Call) -> Response:
    """Answer with a page of batches."""
    query: BatchPage = call.query
    before = int(query.before[1:]) if query.before else None
    services = call.services
    with services.readers.reading() as connection:
        rows = queries.batches(connection, query.limit + 1, archived=query.archived, before=before)
        page = rows[: query.limit]
        items = [batch_on_the_wire(connection, services.workspace, row) for row in page]
    links = {"self": "/v1/batches"}
    if len(rows) > query.limit:
        more = "&archived=true" if query.archived else ""
        links["next"] = f"/v1/batches?before=b{page[-1].id}&limit={query.limit}{more}"
    return conditional(call.request, {"batches": items, "links": links})


def batch(call: Call) -> Response:
    """Answer with a batch."""
    services = call.services
    with services.readers.reading() as connection:
        row = batch_of(connection, call.path("batch"))
        document = batch_on_the_wire(connection, services.workspace, row)
    return conditional(call.request, document)
