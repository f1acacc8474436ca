"""Recipes with their schemas, and backends."""

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from engine.api.documents import on_the_wire
from engine.api.endpoint import Call, answer
from engine.api.ids import missing

if TYPE_CHECKING:
    from engine.contract.recipe import AnyRecipe


def recipes(call: Call) -> Response:
    """Answer with the recipes that are installed."""
    from engine.client.documents.recipes import read_recipes

    items = [
        {**one, "links": _links(one["name"])}
        for one in read_recipes(call.services.workspace.catalog)
    ]
    return answer({"recipes": items, "links": {"self": "/v1/recipes"}})


def recipe(call: Call) -> Response:
    """Answer with a recipe."""
    from engine.client.documents.recipes import recipe_document

    loaded = _loaded(call)
    return answer({**recipe_document(loaded), "links": _links(loaded.name)})


def schema(call: Call) -> Response:
    """Answer with the JSON schemas of a recipe's entries and settings, as callers send them."""
    from engine.api.schemas import entry_schema, settings_schema

    loaded = _loaded(call)
    links = {**_links(loaded.name), "self": f"/v1/recipes/{loaded.name}/schema"}
    document = {"entry": entry_schema(loaded), "settings": settings_schema(loaded)}
    return answer({**document, "links": links})


def _loaded(call: Call) -> "AnyRecipe":
    from engine.client.options import UnknownName

    name = call.path("recipe")
    try:
        return call.services.workspace.catalog.recipe(name)
    except UnknownName:
        raise missing(name) from None


def _links(name: str) -> dict[str, str]:
    address = f"/v1/recipes/{name}"
    return {"self": address, "schema": f"{address}/schema"}


def backends(call: Call) -> Response:
    """Answer with the backends, and with what those lack that are not ready."""
    from engine.client.documents.backends import read_backends

    workspace = call.services.workspace
    items: list[dict[str, Any]] = read_backends(workspace.paths.root, workspace.catalog)
    return answer({"backends": on_the_wire(items), "links": {"self": "/v1/backends"}})
