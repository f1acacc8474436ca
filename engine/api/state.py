"""Reads of the workspace as a whole: engine, lanes, hosts, costs."""

from dataclasses import asdict

from pydantic import Field
from starlette.responses import Response

from engine.api.documents import on_the_wire
from engine.api.endpoint import Call, Parameters, answer
from engine.api.ids import batch_of
from engine.client.documents.costs import costs_document, read_costs
from engine.client.documents.retries import read_retries, retries_document
from engine.client.documents.status import (
    WorkspaceStatus,
    engine_document,
    host_document,
    read_status,
)


def engine(call: Call) -> Response:
    """Answer whether an engine runs, and whether everything is paused."""
    state = _status(call)
    links = {"self": "/v1/engine", "lanes": "/v1/lanes", "hosts": "/v1/hosts"}
    return answer({**engine_document(state), "paused": state.paused, "links": links})


def lanes(call: Call) -> Response:
    """Answer with the lanes as an engine last reported them."""
    items = [asdict(lane) for lane in _status(call).lanes]
    return answer({"lanes": items, "links": {"self": "/v1/lanes"}})


def hosts(call: Call) -> Response:
    """Answer with the hosts of local models."""
    items = [host_document(host) for host in _status(call).hosts]
    return answer({"hosts": items, "links": {"self": "/v1/hosts"}})


def _status(call: Call) -> WorkspaceStatus:
    services = call.services
    with services.readers.reading() as connection:
        return read_status(services.workspace, connection, 0)


def costs(call: Call) -> Response:
    """Answer with the spending by provider, model, purpose and day."""
    document = on_the_wire(costs_document(read_costs(call.services.workspace, None)))
    return answer({**document, "links": {"self": "/v1/costs", "retries": "/v1/costs/retries"}})


class RetriesQuery(Parameters):
    """Query of faults and retries."""

    batch: str | None = Field(
        None, pattern=r"^b[1-9][0-9]{0,17}$", description="Only of this batch."
    )


def retries(call: Call) -> Response:
    """Answer with what faults have cost and what recovered, of the workspace or of a batch."""
    query: RetriesQuery = call.query
    services = call.services
    if query.batch is not None:
        with services.readers.reading() as connection:
            batch_of(connection, query.batch)
    document = on_the_wire(retries_document(read_retries(services.workspace, query.batch)))
    chosen = f"?batch={query.batch}" if query.batch else ""
    links = {"self": f"/v1/costs/retries{chosen}", "costs": "/v1/costs"}
    return answer({**document, "links": links})
