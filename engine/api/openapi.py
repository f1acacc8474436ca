"""The OpenAPI 3.1 document, from the table of routes and the models of bodies."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from engine import __version__
from engine.api.codes import CODES
from engine.api.endpoint import Endpoint
from engine.api.intake.bodies import BatchBody
from engine.api.intake.multipart import TRUTHS
from engine.api.problems import MEDIA_TYPE
from engine.api.schemas import entry_schema, settings_schema
from engine.contract.recipe import AnyRecipe

_REFERENCE = "#/components/schemas/{model}"
_ID_PATTERNS = {
    "batch": r"^b[1-9][0-9]{0,17}$",
    "job": r"^j[1-9][0-9]{0,17}$",
    "generation_id": r"^j[1-9][0-9]{0,17}$",
    "step": r"^s[1-9][0-9]{0,17}$",
    "command": r"^c[1-9][0-9]{0,17}$",
    "sha256": r"^[0-9a-f]{64}$",
    "subject": r"^(workspace|day|b[1-9][0-9]{0,17})$",
}
_ALWAYS = (400, 421, 500, 503)
_WITH_TOKEN = (401, 403, 404, 429)

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "remedy"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "enum": list(CODES)},
        "remedy": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "message"],
                "properties": {
                    "in": {"enum": ["body", "query"]},
                    "pointer": {"type": "string"},
                    "entry": {"type": ["integer", "null"]},
                    "key": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def document_of(table: Iterable[Endpoint], recipes: Iterable[AnyRecipe]) -> dict[str, Any]:
    """Return the OpenAPI document of a table of routes.

    Args:
        table: The routes.
        recipes: The recipes whose entries and settings are part of it.
    """
    table = list(table)
    schemas = _schemas(table) | {"Problem": _PROBLEM}
    schemas |= _recipe_schemas(recipes)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table:
        path = re.sub(r":path}", "}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
        if endpoint.gives_file:
            paths[path]["head"] = _operation(endpoint, head=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Safelight",
            "version": __version__,
            "description": "Batches of generative work over HTTP. Follow `links`, do not build "
            "addresses. Only additions within v1.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(table: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the schemas of all bodies."""
    bodies: dict[str, type[BaseModel]] = {}
    for endpoint in table:
        for model in (endpoint.body, endpoint.form_body):
            if model is not None:
                bodies[model.__name__] = model
    _, definitions = models_json_schema(
        [(model, "validation") for model in bodies.values()], ref_template=_REFERENCE
    )
    schemas: dict[str, Any] = definitions.get("$defs", {})
    return schemas


def _recipe_schemas(recipes: Iterable[AnyRecipe]) -> dict[str, Any]:
    """Return a batch of each recipe, with its own entries and settings, and one of them all."""
    schemas: dict[str, Any] = {}
    names = []
    base = BatchBody.model_json_schema(ref_template=_REFERENCE)
    for recipe in recipes:
        name = _component(recipe.name)
        for part, schema in (
            ("Entry", entry_schema(recipe, _inner(name))),
            ("Settings", settings_schema(recipe, _inner(name))),
        ):
            inner = schema.pop("$defs", {})
            schemas |= {f"{name}.{key}": one for key, one in inner.items()}
            schemas[f"{name}.{part}"] = schema
        prompt = {"type": "string", "minLength": 1, "description": "An entry with this prompt."}
        entry = {"anyOf": [{"$ref": _REFERENCE.format(model=f"{name}.Entry")}, prompt]}
        schemas[f"{name}.Batch"] = _batch(base, recipe.name, name, entry)
        names.append(name)
    schemas["AnyBatch"] = {
        "oneOf": [{"$ref": _REFERENCE.format(model=f"{name}.Batch")} for name in names]
    }
    return schemas


def _inner(name: str) -> str:
    return f"#/components/schemas/{name}.{{model}}"


def _component(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def _batch(
    base: Mapping[str, Any], recipe: str, name: str, entry: Mapping[str, Any]
) -> dict[str, Any]:
    properties = {
        **base["properties"],
        "recipe": {"const": recipe},
        "entries": {"type": "array", "minItems": 1, "items": entry},
        "input": base["properties"]["input"],
        "settings": {"$ref": _REFERENCE.format(model=f"{name}.Settings")},
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": ["recipe"],
        "oneOf": [{"required": ["entries"]}, {"required": ["input"]}],
    }


def _operation(endpoint: Endpoint, *, head: bool = False) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(endpoint, head=head),
        "summary": endpoint.summary,
        "parameters": [
            *_path_parameters(endpoint),
            *_query_parameters(endpoint),
            *_headers(endpoint),
        ],
        "responses": _responses(endpoint, head=head),
    }
    if endpoint.scope is not None:
        operation["security"] = [{"token": []}]
        operation["description"] = f"Needs the scope `{endpoint.scope}`."
    if body := _body(endpoint):
        operation["requestBody"] = body
    return operation


def _name(endpoint: Endpoint, *, head: bool) -> str:
    words = re.findall(r"[a-z0-9]+", endpoint.path)
    return "_".join([("head" if head else endpoint.method.lower()), *words])


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    parameters = []
    for name in re.findall(r"{([a-z0-9_]+)(?::path)?}", endpoint.path):
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if name in _ID_PATTERNS:
            schema["pattern"] = _ID_PATTERNS[name]
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return parameters


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(ref_template=_REFERENCE)
    needed = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _not_null(one)}
        for name, one in schema["properties"].items()
    ]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter, which is left out instead of being null."""
    if "anyOf" not in schema:
        return schema
    kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
    rest = {key: one for key, one in schema.items() if key not in {"anyOf", "default"}}
    return {**rest, **kinds[0]} if len(kinds) == 1 else {**rest, "anyOf": kinds}


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    headers = []
    if endpoint.method == "POST":
        headers.append(
            _header("Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255})
        )
    if endpoint.method == "PATCH":
        headers.append(_header("If-Match", {"type": "string"}, required=True))
    if endpoint.waits or endpoint.method != "GET":
        headers.append(_header("Prefer", {"type": "string"}))
    return headers


def _header(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema}


def _body(endpoint: Endpoint) -> dict[str, Any] | None:
    if endpoint.takes_file:
        return {"required": True, "content": {"application/octet-stream": {}}}
    if endpoint.form_body is not None:
        return {"required": True, "content": {"multipart/form-data": {"schema": _form(endpoint)}}}
    if endpoint.body is None:
        return None
    name = "AnyBatch" if endpoint.body is BatchBody else endpoint.body.__name__
    schema = {"$ref": _REFERENCE.format(model=name)}
    return {
        "required": bool(endpoint.body.model_json_schema().get("required")),
        "content": {"application/json": {"schema": schema}},
    }


def _form(endpoint: Endpoint) -> dict[str, Any]:
    schema = endpoint.form_body.model_json_schema(ref_template=_REFERENCE)
    files = {
        name: {"type": "string", "format": "binary", "description": text}
        for name, text in (endpoint.form or {}).items()
    }
    properties = {name: _in_form(_not_null(one)) for name, one in schema["properties"].items()}
    return {
        **schema,
        "properties": {**properties, **files},
        "required": [*schema.get("required", ()), *files],
    }


def _in_form(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field of a form, where everything is text."""
    if schema.get("type") != "boolean":
        return schema
    return {**schema, "type": "string", "enum": list(TRUTHS), "default": "true"}


def _responses(endpoint: Endpoint, *, head: bool) -> dict[str, Any]:
    statuses = endpoint.success if isinstance(endpoint.success, tuple) else (endpoint.success,)
    responses: dict[str, Any] = {}
    for status in statuses:
        responses[str(status)] = {"description": "Success.", **_content(endpoint, head=head)}
    if endpoint.gives_file:
        responses["206"] = {"description": "A range.", **_content(endpoint, head=head)}
    if endpoint.method == "GET":
        responses["304"] = {"description": "The caller has it."}
    problems = {*_ALWAYS, *endpoint.problems}
    if endpoint.scope is not None:
        problems |= set(_WITH_TOKEN)
    if "{" in endpoint.path:
        problems.add(404)
    content = {} if head else {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    for status in sorted(problems):
        responses[str(status)] = {
            "description": "Refused.",
            **({"content": content} if content else {}),
        }
    return responses


def _content(endpoint: Endpoint, *, head: bool) -> dict[str, Any]:
    if head:
        return {}
    if endpoint.gives_file:
        return {"content": {"*/*": {}}}
    if endpoint.gives_text:
        return {"content": {"text/plain": {"schema": {"type": "string"}}}}
    content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if endpoint.gives_stream:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    return {"content": content}
