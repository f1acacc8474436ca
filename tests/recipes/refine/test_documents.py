import json

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.recipes.common.documents import to_json, to_yaml
from engine.recipes.refine.documents import iteration_results
from engine.text.strict import yaml_format
from tests.support.refine_results import make_job, make_turn, stamped

HOSTILE = "\x1b[31m \x9b2J \u202e \u2028 \ufeff \x7f 'q' \"d\" # : - \r\n\ttab"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompt=st.text() | st.just(HOSTILE),
    negative=st.text(alphabet=" \n:#-'\"\\~!&*a1.", max_size=30),
)
def test_json_and_yaml_say_the_same(shelf, prompt, negative):
    turn = make_turn(shelf.keep(stamped()), prompt=prompt, negative_prompt=negative)
    document = iteration_results(make_job(turn), turn)
    assert json.loads(to_json(document)) == document
    text = to_yaml(document).decode()
    assert yaml.safe_load(text) == document
    assert yaml_format.decode(text)[0] == document


@given(st.text() | st.just(HOSTILE))
def test_no_terminal_escape_gets_into_a_file(text):
    for shown in (to_json({"a": text}).decode(), to_yaml({"a": text}).decode()):
        assert not set("\x00\x07\x08\x1b\x7f\x85\x9b\u202e\u2066\ufeff\u2028") & set(shown)


def test_other_scripts_stay_readable():
    assert "caf\xe9 \u706f" in to_json({"a": "caf\xe9 \u706f"}).decode()
    assert "caf\xe9 \u706f" in to_yaml({"a": "caf\xe9 \u706f"}).decode()


def test_an_iterations_results_have_the_documented_fields(job):
    document = iteration_results(job, job.iterations[0])
    assert document == {
        "version": 1,
        "id": "lamp",
        "iteration": 1,
        "prompt": "a lamp",
        "negative_prompt": "text",
        "seed": 7,
        "backend": "builtin",
        "model": "painter",
        "size": {"width": 16, "height": 8},
        "score": 61.5,
        "started_at": "2026-01-02T03:04:05.678901Z",
        "finished_at": "2026-01-02T03:04:06.000001Z",
        "timings": {"generate": 0.1, "evaluate": 0.02, "refine": 1e-05},
        "cost_usd": 0.040123,
        "artifact": job.iterations[0].artifact.hash,
        "reference": None,
        "image": "iteration_1.png",
    }


def test_half_a_character_does_not_stop_a_file_from_being_written():
    assert json.loads(to_json({"a": "x\ud800"})) == {"a": "x\ud800"}
    assert yaml.safe_load(to_yaml({"a": ["x\ud800"], "\udfff": 1})) == {
        "a": ["x\ufffd"],
        "\ufffd": 1,
    }
