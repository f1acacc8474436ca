import json
import re
from importlib.metadata import version

import pytest

from engine.cli import catalog as catalog_module
from engine.client.memory_catalog import NoSettings
from engine.contract import BackendFamily, MissingRequirement
from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.refine.input import RefineInput
from tests.support.toys import ToyBackend

LACKING = BackendFamily(
    name="lacking",
    summary="Lacks a key.",
    settings=NoSettings,
    factories={
        "text": lambda _settings, _environment: ToyBackend(
            name="lacking",
            paid=True,
            lacks=[MissingRequirement(what="a key", remedy="Set TOY_KEY in .env.local.")],
        )
    },
)


@pytest.fixture
def with_others(monkeypatch):
    """A catalog that has a backend without its key, and packages that cannot be imported."""

    def made():
        families = {
            "builtin": "engine.backends.builtin:FAMILY",
            "lacking": f"{__name__}:LACKING",
            "broken": "no_such_module:FAMILY",
        }
        recipes = {"refine": "engine.recipes.refine:RECIPE", "broken": "no_such_module:RECIPE"}
        return EntryPointCatalog(recipes=recipes, families=families)

    monkeypatch.setattr(catalog_module, "installed_catalog", made)


def test_recipes(run, tmp_path):
    document = run("recipes", "--json", "--workspace", tmp_path).json
    assert document["version"] == 1
    refine = next(recipe for recipe in document["recipes"] if recipe["name"] == "refine")
    assert set(refine) == {
        "name",
        "version",
        "summary",
        "capabilities",
        "headline",
        "options",
        "extra",
        "missing",
        "error",
    }
    assert refine["options"] == [
        {"flags": ["--prompt"], "target": "entry", "name": "prompt"},
        {"flags": ["--max-iterations"], "target": "setting", "name": "max_iterations"},
    ]
    assert refine["capabilities"] == ["image", "vision", "text", "score"]
    assert refine["headline"]["high"] == 100
    assert "refine" in run("recipes").out


def test_backends_need_no_workspace(run, tmp_path):
    document = run("backends", "--json", "--workspace", tmp_path).json
    assert document["version"] == 1
    builtin = next(family for family in document["backends"] if family["name"] == "builtin")
    assert {made["capability"] for made in builtin["capabilities"]} >= {"image", "vision", "text"}
    for made in builtin["capabilities"]:
        assert set(made) == {"capability", "ready", "model", "version", "paid", "missing", "client"}
        assert (made["ready"], made["paid"], made["missing"]) == (True, False, [])
        assert made["client"] is None
    assert list(tmp_path.iterdir()) == []


def test_missing_things_come_with_their_remedy(run, with_others, tmp_path):
    text = run("backends", "--workspace", tmp_path).out
    assert "✗ text    toy-1 (paid)" in text
    assert "needs a key" in text
    assert text.count("Set TOY_KEY in .env.local.") == 1, "a remedy stands once"
    assert "For lacking: Set TOY_KEY in .env.local." in text
    document = run("backends", "--json", "--workspace", tmp_path).json
    lacking = next(family for family in document["backends"] if family["name"] == "lacking")
    (made,) = lacking["capabilities"]
    assert made["ready"] is False
    remedy = "Set TOY_KEY in .env.local."
    assert made["missing"] == [{"what": "a key", "remedy": remedy, "reason": "key"}]


def test_broken_package_does_not_hide_the_others(run, with_others, tmp_path):
    backends = run("backends", "--json", "--workspace", tmp_path).json["backends"]
    families = {family["name"]: family for family in backends}  # with those that are installed
    assert {"broken", "builtin", "lacking"} <= families.keys()
    assert "no_such_module" in families["broken"]["summary"]
    recipes = {recipe["name"]: recipe for recipe in run("recipes", "--json").json["recipes"]}
    assert {"broken", "refine"} <= recipes.keys()
    assert "no_such_module" in recipes["broken"]["error"]


def test_a_server_of_this_machine_that_does_not_answer_is_not_ready(run, tmp_path):
    settings = '[backends.comfyui]\nbase_url = "http://127.0.0.1:9"\n'
    (tmp_path / "safelight.toml").write_text(settings)
    document = run("backends", "--json", "--workspace", tmp_path).json
    comfyui = next(family for family in document["backends"] if family["name"] == "comfyui")
    assert {made["capability"] for made in comfyui["capabilities"]} == {"image", "audio", "video"}
    for made in comfyui["capabilities"]:
        assert made["ready"] is False
        assert made["missing"][-1]["what"] == "ComfyUI at http://127.0.0.1:9"
        assert made["missing"][-1]["remedy"].startswith("Start ComfyUI")


@pytest.mark.parametrize("sdk", ["google-genai", "google-generativeai"])
def test_which_client_of_google_s_is_used_is_said(run, tmp_path, sdk):
    (tmp_path / "safelight.toml").write_text(f'[backends.gemini]\nsdk = "{sdk}"\n')
    said = f"{sdk} {version(sdk)}"
    document = run("backends", "--json", "--workspace", tmp_path).json
    gemini = next(family for family in document["backends"] if family["name"] == "gemini")
    clients = {made["capability"]: made["client"] for made in gemini["capabilities"]}
    assert clients.pop("embedding") == f"google-genai {version('google-genai')}"  # the only one
    assert set(clients.values()) == {said}
    assert f"by {said} (paid)" in run("backends", "--workspace", tmp_path).out
    run("init", "--workspace", tmp_path)
    line = rf"– backend: gemini \(text, vision.*\) by {said} needs GEMINI_API_KEY"
    assert re.search(line, run("doctor", "--workspace", tmp_path).out)


def test_wrong_settings_of_a_backend_make_it_not_ready(run, tmp_path):
    (tmp_path / "safelight.toml").write_text("[backends.builtin]\nnonsense = 1\n")
    document = run("backends", "--json", "--workspace", tmp_path).json
    builtin = next(family for family in document["backends"] if family["name"] == "builtin")
    assert not any(made["ready"] for made in builtin["capabilities"])
    assert "nonsense" in builtin["capabilities"][0]["missing"][0]["what"]


def test_schema_of_input_and_settings(run):
    schema = json.loads(run("schema", "refine").out)
    assert {"required": ["prompt"]} in schema["anyOf"]
    assert set(schema["properties"]) == set(RefineInput.model_fields)
    settings = json.loads(run("schema", "refine", "--settings").out)
    assert settings["properties"]["max_iterations"]["default"] == 3


def test_unknown_recipe_is_a_sentence(run):
    ran = run("schema", "nonsense")
    assert ran.code == 2
    assert "there are: evaluate, generate, music-video, refine, " in ran.err
