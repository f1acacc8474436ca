"""The ASGI application of a workspace."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from engine.api.auth.gate import Gate, Session
from engine.api.auth.rates import Rates
from engine.api.auth.signed import issuers
from engine.api.guard import LOOPBACK, Guard
from engine.api.problems import Problem
from engine.api.reading import encode
from engine.api.routing import refuse, routes
from engine.api.services import Services
from engine.api.table import TABLE
from engine.client.workspace import Workspace
from engine.text.errors import UserError


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages beside the API, with a login of their own.

    Attributes:
        routes: Their routes; none is below `/v1` or `/api`.
        session: Returns the principal of a request for a page, by its cookie; None for nobody.
    """

    routes: Sequence[BaseRoute]
    session: Session


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Options of a server.

    Attributes:
        hosts: Names that it answers to, beside those of the settings and of this machine itself.
        read_only: Refuse everything that writes.
    """

    hosts: Collection[str] = field(default_factory=tuple)
    read_only: bool = False


def make_app(
    workspace: Workspace,
    options: ServerOptions | None = None,
    pages: Callable[[Services], Pages] | None = None,
) -> Starlette:
    """Return the application of a workspace.

    Args:
        workspace: The workspace; nothing is held open between requests but idle readers.
        options: Options of the server.
        pages: Returns the pages of a server, such as the gallery.

    Raises:
        UserError: A key of signed tokens is missing or too short.
    """
    options = options or ServerOptions()
    services = Services(workspace, read_only=options.read_only)
    services.describe = lambda: _described(workspace)
    beside = pages(services) if pages else None
    hosts = [*LOOPBACK, *services.settings.hosts, *options.hosts]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with services.running():
            yield

    app = Starlette(
        routes=[*routes(TABLE, services), *(beside.routes if beside else [])],
        middleware=[
            Middleware(Guard, hosts=hosts),
            Middleware(
                Gate,
                readers=services.readers,
                uses=services.uses,
                rates=Rates(services.settings.requests_per_minute, services.settings.burst),
                remembered=services.remembered,
                accepted=issuers(workspace.paths, services.settings),
                session=beside.session if beside else None,
            ),
        ],
        exception_handlers={HTTPException: refuse, Problem: refuse, UserError: refuse},
        lifespan=lifespan,
    )
    app.state.services = services
    app.router.redirect_slashes = False
    return app


def _described(workspace: Workspace) -> bytes:
    """Return the OpenAPI document of a workspace; it loads every recipe."""
    from engine.api.openapi import document_of

    return encode(document_of(TABLE, workspace.catalog.all_recipes()))
