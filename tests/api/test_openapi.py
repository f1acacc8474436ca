"""The OpenAPI document: every route, every body, and each recipe's own entries."""

import json

import pytest
from starlette.testclient import TestClient

from engine.api.app import make_app
from engine.api.codes import CODES
from engine.api.openapi import document_of
from engine.api.schemas import entry_schema, settings_schema
from engine.api.table import TABLE
from engine.client.workspace import Workspace
from engine.plugins.catalog import EntryPointCatalog
from tests.api.conftest import ADDRESS, problem


@pytest.fixture(scope="module")
def document():
    return document_of(TABLE, EntryPointCatalog().all_recipes())


def test_every_route_is_described(document) -> None:
    for endpoint in TABLE:
        operation = document["paths"][endpoint.path.replace(":path}", "}")][endpoint.method.lower()]
        assert operation["summary"] == endpoint.summary
        assert ("security" in operation) == (endpoint.scope is not None)
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document) -> None:
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"], name


def test_a_parameter_that_is_needed_says_so(document) -> None:
    needed = {
        p["name"]: p["required"] for p in document["paths"]["/v1/search"]["get"]["parameters"]
    }
    assert needed.pop("words") is True
    assert not any(needed.values())


def test_a_batch_has_the_entries_of_its_recipe(document) -> None:
    schemas = document["components"]["schemas"]
    assert len(schemas["AnyBatch"]["oneOf"]) == len(list(EntryPointCatalog().all_recipes()))
    batch = schemas["refine.Batch"]
    assert batch["properties"]["recipe"] == {"const": "refine"}
    assert batch["additionalProperties"] is False
    entry = schemas["refine.Entry"]["properties"]
    assert "prompt" in entry


def test_files_are_named_by_hash_and_never_by_path() -> None:
    for recipe in EntryPointCatalog().all_recipes():
        text = json.dumps([entry_schema(recipe), settings_schema(recipe)])
        assert '"format": "path"' not in text, recipe.name
    assert "checkpoint" not in settings_schema(EntryPointCatalog().recipe("sound-effect"))


def test_the_server_gives_it_to_everybody(tmp_path) -> None:
    client = TestClient(make_app(Workspace(tmp_path, create=True)), ADDRESS)
    answer = client.get("/openapi.json")
    assert answer.json()["openapi"] == "3.1.0"
    same = client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert same.status_code == 304


def test_every_code_is_explained(client: TestClient) -> None:
    refused = problem(client.get("/v1/jobs/j99"), 404, "not-found")
    assert client.get(refused["type"]).json()["meaning"] == CODES["not-found"]
    problem(client.get("/problems/odd"), 404, "not-found")
