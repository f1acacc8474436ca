"""Handlers of who comes and goes: the link that logs in once, tokens, other devices."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.api.gallery.pages import Visit
from engine.api.gallery.rendering import page
from engine.api.gallery.sessions import LINK_MINUTES, Session, Sessions


def show_login(request: Request, sessions: Sessions) -> Response:
    """Log in by a link, once; without one, show how to get in."""
    code = request.query_params.get("code")
    if code is None:
        return login_page()
    if request.method == "HEAD" or "prefetch" in request.headers.get("sec-purpose", ""):
        return login_page(status=403)  # a browser that only looks ahead does not use the link up
    secret = sessions.enter_by_link(code)
    if secret is None:
        return login_page("This link was used or is too old.", 403)
    return _entered(request, sessions, secret)


def log_in(request: Request, form: FormData, sessions: Sessions) -> Response:
    """Log in with a token of the API."""
    token = form.get("token", "")
    secret = sessions.enter_by_token(token.strip()) if isinstance(token, str) else None
    if secret is None:
        return login_page("This token is unknown, revoked or expired.", 403)
    return _entered(request, sessions, secret)


def _entered(request: Request, sessions: Sessions, secret: str) -> Response:
    """Set the cookie and go to the pages.

    A browser does not send a strict cookie along when another site began the navigation, so there
    our own page begins another one.
    """
    is_ours = request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    response = RedirectResponse("/", 303) if is_ours else page("login.html", entered=True)
    response.headers["Cache-Control"] = "no-store"
    sessions.set_cookie(response, secret, request.url.scheme)
    return response


def login_page(problem: str = "", status: int = 200) -> Response:
    """Return the page of who is not logged in."""
    return page("login.html", status, problem=problem, entered=False)


def log_out(sessions: Sessions, session: Session) -> Response:
    """End the session of a browser."""
    sessions.leave(session)
    response = RedirectResponse("/login", 303)
    sessions.drop_cookie(response)
    return response


def devices(visit: Visit, link: str = "") -> Response:
    """Show how another device gets in; with the link that it needs."""
    return visit.page("devices.html", link=link, minutes=LINK_MINUTES)
