import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sd_parsers import ParserManager

from engine.imaging.errors import ImageError
from engine.imaging.infotext import parse_infotext
from engine.imaging.lineage import Lineage, read, stamp
from engine.imaging.png import insert_text, read_text

PLAIN = Lineage(
    prompt="a red lamp, in a darkroom\nwith prints: drying",
    negative_prompt='text, "watermark"',
    seed=2**63 - 1,
    width=768,
    height=512,
    backend="builtin",
    model="painter",
    version="3",
    reference="ab" * 32,
)


def ecosystem(data: bytes):
    return ParserManager().parse(Image.open(io.BytesIO(data)))


def test_the_ecosystems_reader_reads_what_is_stamped(png):
    info = ecosystem(stamp(png, PLAIN))
    (sampler,) = info.samplers
    assert [str(prompt) for prompt in info.prompts] == [PLAIN.prompt]
    assert [str(prompt) for prompt in info.negative_prompts] == [PLAIN.negative_prompt]
    assert sampler.parameters["seed"] == str(PLAIN.seed)
    assert sampler.name == "builtin"
    assert sampler.model.name == "painter"
    assert info.metadata["Size"] == "768x512"


@pytest.mark.parametrize(
    "prompt",
    [
        "Negative prompt: fooled, Negative prompt: twice",
        "one\nNegative prompt: two\nSteps: 9, Sampler: wrong, Seed: 666, CFG scale: 1",
        "\u706f\u5149 caf\xe9 \U0001f3ee, 'quotes' \"more\"",
        'Hashes: {"a": 1}',
        "\x1b[31mred\x1b[0m ../../etc/passwd [bold]x[/bold]",
        "x" * 100_000,
    ],
)
def test_hostile_prompts_corrupt_nothing_else(png, prompt):
    lineage = PLAIN.model_copy(update={"prompt": prompt})
    data = stamp(png, lineage)
    assert read(data) == lineage
    info = ecosystem(data)
    assert str(info.samplers[0].parameters["seed"]) == str(PLAIN.seed)
    assert info.samplers[0].model.name == "painter"
    assert [str(text) for text in info.negative_prompts] == [PLAIN.negative_prompt]
    assert str(info.prompts[0]).replace("Negative prompt\\:", "Negative prompt:") == prompt


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.text(), negative=st.text(), model=st.text(), version=st.text())
def test_any_text_comes_back(png, prompt, negative, model, version):
    lineage = Lineage(
        prompt=prompt,
        negative_prompt=negative,
        seed=1,
        width=64,
        height=64,
        backend="b",
        model=model,
        version=version,
    )
    data = stamp(png, lineage)
    assert read(data) == lineage
    parsed = parse_infotext(read_text(data)["parameters"])
    assert parsed.prompt == prompt.replace("\0", "\ufffd")
    assert parsed.parameters["Seed"] == "1"


def test_stamping_is_deterministic_and_replaces(png):
    assert stamp(png, PLAIN) == stamp(png, PLAIN)
    other = PLAIN.model_copy(update={"seed": 5})
    assert stamp(stamp(png, other), PLAIN) == stamp(png, PLAIN)


def test_the_json_chunk_is_versioned_ascii(png):
    text = read_text(stamp(png, PLAIN))["safelight"]
    fields = json.loads(text)
    assert text.isascii()
    assert fields["version"] == 1
    assert fields["backend_version"] == "3"
    assert fields["seed"] == PLAIN.seed


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2}', "{" * 5000, "[" * 100_000, '{"version": 1, "seed": "x"}'],
)
def test_a_chunk_that_is_not_understood_is_no_lineage(png, text):
    assert read(insert_text(png, {"safelight": text})) is None
    assert read(png) is None


def test_only_png_can_be_stamped(encoded):
    with pytest.raises(ImageError):
        stamp(encoded("JPEG"), PLAIN)


def test_what_a_text_chunk_cannot_hold_is_replaced_for_others_and_exact_for_us(png):
    lineage = PLAIN.model_copy(update={"prompt": "nul \0 half \ud800"})
    data = stamp(png, lineage)
    assert read(data).prompt == lineage.prompt
    assert parse_infotext(read_text(data)["parameters"]).prompt == "nul \ufffd half \ufffd"
