"""What is written in a format is read back as it was; noise is refused, never an accident."""

import csv
import io
import json
import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.intake import FORMATS, InputError, load, open_entries
from engine.recipes.refine.input import RefineInput
from tests.support.effort import scaled

quick = settings(
    max_examples=scaled(60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
names = st.sampled_from(["prompt", "id", "title", "scene", "mood", "negative_prompt"])
numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
values = texts | numbers | st.booleans() | st.none() | st.lists(texts, max_size=3)
rich = st.lists(st.dictionaries(names | texts, values, max_size=5), min_size=1, max_size=5)
flat = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=5)


def read_back(text, file_format):
    stream = io.BytesIO(text.encode())
    return [entry.data for entry in open_entries(stream, file_format=file_format)]


@quick
@given(rich, st.booleans())
def test_json(entries, ascii_only):
    assert read_back(json.dumps(entries, ensure_ascii=ascii_only), "json") == entries


@quick
@given(rich)
def test_jsonl(entries):
    assert read_back("\n".join(map(json.dumps, entries)), "jsonl") == entries


@quick
@given(rich, st.booleans())
def test_yaml(entries, unicode):
    # PyYAML writes these line ends unescaped where unicode is allowed, and so loses them
    unicode = unicode and not set("\x85\u2028\u2029") & set(json.dumps(entries, ensure_ascii=False))
    assert read_back(yaml.safe_dump(entries, allow_unicode=unicode), "yaml") == entries


@quick
@given(flat, st.sampled_from(",;\t|"))
def test_csv(rows, delimiter):
    header = ("id", "prompt", "mood")
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([header, *rows])
    wanted = [dict(zip(header, row, strict=True)) for row in rows]
    assert read_back(file.getvalue(), "csv") == wanted


@quick
@given(st.lists(texts, min_size=1, max_size=5))
def test_lines(prompts):
    prompts = [
        " ".join(re.split("[\r\n]", prompt)).strip().lstrip("#").strip() for prompt in prompts
    ]
    prompts = [prompt for prompt in prompts if prompt and not prompt.startswith(("#", "--"))] or [
        "a"
    ]
    read = read_back("\n".join(prompts), "lines")
    assert read == [{"prompt": prompt} for prompt in prompts]


FRAGMENTS = [
    *(b"[", b"]", b"{", b"}", b'"', b"'", b",", b":", b"\n", b"\r", b"\xff", b"1e9", b"\\u"),
    *(b"- ", b"*a", b"&a ", b"!!", b"? ", b"|", b"# ", b"---", b"%YAML 9", b"prompt", b"prompts"),
]
noise = st.binary(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join)


@settings(max_examples=scaled(400), deadline=None)
@given(noise, st.sampled_from([None, *FORMATS]))
def test_noise_is_read_or_refused_and_nothing_else(data, file_format):
    try:
        loaded = load(io.BytesIO(data), RefineInput, file_format=file_format)
    except InputError as error:
        assert error.problems
        assert str(error)
    else:
        assert loaded


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_hundred_kilobytes_of_prompt(file_format):
    prompt = ("lighthouse " * 10_000).strip()
    text = {
        "json": json.dumps([prompt]),
        "yaml": yaml.safe_dump([prompt], width=10**9),
        "jsonl": json.dumps(prompt),
        "csv": f"prompt\n{prompt}\n",
        "lines": prompt,
    }[file_format]
    [entry] = load(io.BytesIO(text.encode()), RefineInput, file_format=file_format)
    assert entry.input.full_prompt == prompt
    assert entry.key == "0001-lighthouse-lighthouse-lighthouse"
