"""Routes of the gallery, and what every request goes through: session, form token, refusals."""

import mimetypes
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from engine.api.auth.principal import Principal
from engine.api.events.pages import EventFilter
from engine.api.gallery import changing, entering, pages, stored
from engine.api.gallery.colours import style_sheet
from engine.api.gallery.live import LiveStream
from engine.api.gallery.pages import Flash, Missing, Visit
from engine.api.gallery.rendering import page
from engine.api.gallery.sessions import Session, Sessions
from engine.api.reading import matches
from engine.api.routing import as_problem
from engine.api.services import Services
from engine.client.views.recipe_info import Headlines
from engine.text.errors import UserError

MAX_FORM = 1_000_000
"""Bytes of a form, at most."""

MAX_FLASHES = 100

STATIC = ("gallery.css", "gallery.js", "icon.svg")

GONE = "There is no such batch, job, part or file; it may have been deleted."

Show = Callable[[Visit], Response]
Change = Callable[[Visit, FormData], Response]


class TooLarge(UserError):
    """A form is larger than any of ours."""


class Gallery:
    """The pages of one server.

    Args:
        services: What requests of the server share.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sessions = Sessions(services.workspace.store, services.readers)
        self._headlines = Headlines()
        self._flashes: OrderedDict[str, Flash] = OrderedDict()
        self._static: dict[str, tuple[str, bytes]] = {}

    def principal(self, connection: HTTPConnection) -> Principal | None:
        """Return the principal of a request for a page, by its cookie; None for nobody."""
        session = self._session(connection)
        return session.principal if session else None

    def _session(self, connection: HTTPConnection) -> Session | None:
        """Return the session of a request, read once; None for nobody, or if the store is gone."""
        if not hasattr(connection.state, "session"):
            try:
                connection.state.session = self._sessions.of(connection)
            except UserError:
                connection.state.session = None
        session: Session | None = connection.state.session
        return session

    def _holds(self, connection: HTTPConnection) -> bool:
        """Return whether the session of an open page still holds."""
        try:
            return self._sessions.of(connection) is not None
        except UserError:
            return False

    def routes(self) -> list[BaseRoute]:
        """Return the routes; none is below `/v1` or `/api`."""
        show, change = self._shows, self._changes
        return [
            Route("/", show(pages.batches)),
            Route("/b{batch:int}", show(pages.batch)),
            Route("/b{batch:int}/cards", show(pages.cards)),
            Route("/j{job:int}", show(pages.job)),
            Route("/j{job:int}/at/{part:path}", show(pages.job)),
            Route("/j{job:int}/approve", show(pages.approvals_of_job)),
            Route("/j{job:int}/decide", change(changing.decide), methods=["POST"]),
            Route("/j{job:int}/decide", show(changing.show_decision)),
            Route("/compare", show(pages.compare)),
            Route("/approvals", show(pages.approvals)),
            Route("/act", change(changing.act), methods=["POST"]),
            Route("/rate", change(changing.rate), methods=["POST"]),
            Route("/approve", change(changing.approve), methods=["POST"]),
            Route("/files/{sha256}", show(stored.file)),
            Route("/thumbnails/{side:int}/{sha256}", show(stored.thumbnail)),
            Route("/drawings/{sha256}", show(stored.drawing)),
            Route("/previews/{job:int}/{step:int}", show(stored.preview)),
            Route("/devices", show(entering.devices)),
            Route("/devices", change(self._new_link), methods=["POST"]),
            Route("/live", self._live),
            Route("/login", self._login, methods=["GET", "POST"]),
            Route("/logout", change(self._log_out), methods=["POST"]),
            Route("/static/{name}", self._asset),
        ]

    # -- what every request goes through ------------------------------------------------------

    def _shows(self, handler: Show) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request, handler)

        return answer

    def _changes(self, handler: Change) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                form = await _form(request)
            except TooLarge as error:
                return self._refusal(None, 413, "Too large", str(error))
            return await run_in_threadpool(self._answer, request, handler, form)

        return answer

    def _answer(self, request: Request, handler: Any, form: FormData | None = None) -> Response:
        session = self._session(request)
        if session is None:
            return _not_logged_in(request)
        visit = Visit(request, session, self._services, self._headlines)
        if form is None:
            call = partial(handler, visit)
            if "text/html" in request.headers.get("accept", ""):
                visit.flash = self._flashes.pop(session.principal.id, None)
        else:
            sent = form.get("token", "")
            if not isinstance(sent, str) or not session.has_sent(sent):
                title, text = "Not sent by this page", "Open the page again, then send the form."
                return self._refusal(visit, 403, title, text)
            call = partial(handler, visit, form)
        response = self._tried(visit, call)
        if form is not None and visit.flash is not None and response.status_code == 303:
            self._keep_flash(session, visit.flash)
        return response

    def _tried(self, visit: Visit, call: Callable[[], Response]) -> Response:
        """Return the answer of a handler, its refusals as pages."""
        try:
            return call()
        except Missing:
            return self._refusal(visit, 404, "Not found", GONE)
        except changing.BadForm as error:
            return self._refusal(visit, 400, "Not possible", str(error))
        except Exception as error:
            problem = as_problem(error)
            if problem is None:
                raise
            if problem.status == 404:
                return self._refusal(visit, 404, "Not found", GONE)
            text = f"{problem.detail} {problem.remedy}".strip()
            return self._refusal(visit, problem.status, "Not done", text)

    def _refusal(self, visit: Visit | None, status: int, title: str, text: str) -> Response:
        if visit is None:
            return page("login.html", status, problem=text, entered=False)
        if "application/json" in visit.request.headers.get("accept", ""):
            return changing.done(visit, Flash(text, bad=True), "/")
        return visit.page("gone.html", status, title=title, text=text)

    def _keep_flash(self, session: Session, flash: Flash) -> None:
        self._flashes[session.principal.id] = flash
        while len(self._flashes) > MAX_FLASHES:
            self._flashes.popitem(last=False)

    # -- who comes and goes -------------------------------------------------------------------

    async def _login(self, request: Request) -> Response:
        enter = partial(entering.show_login, request)
        try:
            if request.method == "POST":
                enter = partial(entering.log_in, request, await _form(request))
            return await run_in_threadpool(enter, self._sessions)
        except Exception as error:
            problem = as_problem(error)
            if problem is None:
                raise
            return self._refusal(None, problem.status, "Not done", problem.detail)

    def _log_out(self, visit: Visit, form: FormData) -> Response:
        return entering.log_out(self._sessions, visit.session)

    def _new_link(self, visit: Visit, form: FormData) -> Response:
        address = str(visit.request.base_url).rstrip("/")
        link = f"{address}/login?code={self._sessions.link(visit.session)}"
        return entering.devices(visit, link)

    # -- without a session, or without an end ----------------------------------------------

    async def _live(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return Response(status_code=401)
        chosen = EventFilter(_number(request, "batch"), _number(request, "job"))
        streams, caller = self._services.streams, session.principal.id
        if streams[caller] >= self._services.settings.max_streams:
            return Response(status_code=429, headers={"Retry-After": "30"})
        seen = request.headers.get("last-event-id", "")  # of a stream that was cut
        after = _whole(seen) or _number(request, "after") or 0
        stream = LiveStream(self._services, chosen, after, partial(self._holds, request))

        async def counted() -> Any:
            streams[caller] += 1
            try:
                async for frame in stream.frames():
                    yield frame
            finally:
                streams[caller] -= 1

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(counted(), 200, headers, "text/event-stream")

    async def _asset(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        if name not in self._static:
            if name not in {"colours.css", *STATIC}:
                return Response(status_code=404)
            self._static[name] = _asset(name)
        tag, data = self._static[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if matches(request.headers.get("if-none-match", ""), tag):
            return Response(None, 304, headers)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(data, 200, headers, media_type)


def _asset(name: str) -> tuple[str, bytes]:
    """Return the tag and the bytes of a file of the pages."""
    import hashlib

    if name == "colours.css":
        data = style_sheet().encode()
    else:
        data = files("engine.api.gallery").joinpath("static", name).read_bytes()
    return f'"{hashlib.sha256(data).hexdigest()[:20]}"', data


def _not_logged_in(request: Request) -> Response:
    """Send a person to the login, and refuse anything else."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/login", 303, {"Cache-Control": "no-store"})
    return Response(status_code=401)


async def _form(request: Request) -> FormData:
    """Return a form; nothing but fields, and not more of them than ours have.

    Raises:
        TooLarge: It is larger than any of ours.
    """
    size = 0
    chunks = []
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_FORM:
            raise TooLarge("The form is too large.")
        chunks.append(chunk)
    from urllib.parse import parse_qsl

    text = b"".join(chunks).decode("utf-8", "replace")
    try:
        return FormData(dict(parse_qsl(text, keep_blank_values=True, max_num_fields=50)))
    except ValueError:
        raise TooLarge("The form has too many fields.") from None


def _number(request: Request, name: str) -> int | None:
    return _whole(request.query_params.get(name, ""))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None
