"""Rendering of pages: templates with escaping of everything, and headers for strict browsers."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from engine.text import figures
from engine.text.state_symbols import SHAPES

if TYPE_CHECKING:
    from jinja2 import Environment

CONTENT_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of pages: nothing from elsewhere, and no script or style in a page."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "same-origin",  # with less, forms are sent with an Origin of `null`
    "Vary": "Cookie",
}

RATINGS = ("1", "2", "3", "4", "5")


@cache
def environment() -> "Environment":
    """Return the templates; every value is escaped, and an unknown one is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("engine.api.gallery", "templates")
    templates = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(score=figures.score, money=figures.money, clock=figures.clock)
    templates.globals.update(shapes=SHAPES, ratings=RATINGS)
    return templates


def render(template: str, **values: Any) -> str:
    """Return a template with values as HTML."""
    return environment().get_template(template).render(**values)


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page as an answer."""
    return HTMLResponse(render(template, **values), status, HEADERS)
