"""A form from any settings model: its fields, and its mistakes in their places."""

from dataclasses import replace
from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator
from textual.app import App, ComposeResult
from textual.widgets import Label

from engine.recipes.refine.settings import RefineSettings
from tui.screens.new_batch.estimate import summary
from tui.screens.new_batch.field_row import FieldRow, NameSuggester
from tui.screens.new_batch.fields import WHOLE_FORM, check, fields_of
from tui.screens.new_batch.options import BatchForm


class Mood(StrEnum):
    CALM = "calm"
    LOUD = "loud"


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: str = Field("a", min_length=1, description="Some words.")
    count: int = Field(3, ge=1, le=9)
    ratio: float | None = Field(None, gt=0)
    on: bool = Field(True, description="A switch.")
    mood: Mood = Mood.CALM
    level: Literal[1, 2, 3] = 2
    tags: list[str] = Field(["x"])
    needed: int

    @model_validator(mode="after")
    def _together(self):
        if self.count == 9 and not self.on:
            raise ValueError("nine needs the switch to be on")
        return self


def held(fields, **other):
    return {field.name: other.get(field.name, field.initial) for field in fields}


def test_every_kind_of_field_has_its_control():
    fields = {field.name: field for field in fields_of(Model)}
    assert {name: field.control for name, field in fields.items()} == {
        "words": "text",
        "count": "text",
        "ratio": "text",
        "on": "switch",
        "mood": "choice",
        "level": "choice",
        "tags": "text",
        "needed": "text",
    }
    assert fields["mood"].choices == ("calm", "loud")
    assert fields["level"].initial == "2"
    assert fields["tags"].initial == '["x"]'
    assert fields["on"].initial is True
    assert fields["ratio"].optional
    assert fields["needed"].initial == ""


def test_help_says_what_for_bounds_and_default():
    fields = {field.name: field for field in fields_of(Model)}
    assert fields["count"].help == "1 to 9. Default: 3."
    assert fields["words"].help == "Some words. Characters, at least 1. Default: a."
    assert fields["on"].help == "A switch. Default: on."
    assert fields["needed"].help == "Needed."
    seed = next(field for field in fields_of(BatchForm) if field.name == "seed")
    assert "9223372036854775808" not in seed.help


def test_what_the_controls_hold_becomes_the_model():
    fields = fields_of(Model)
    checked = check(Model, fields, held(fields, needed="7", level="3", ratio="0.5", tags='["y"]'))
    assert checked.errors == {}
    assert checked.value == Model(needed=7, level=3, ratio=0.5, tags=["y"])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("count", "0", "must be at least 1, and is '0'"),
        ("count", "many", "must be a whole number, and is 'many'"),
        ("ratio", "-1", "must be greater than 0"),
        ("words", "", "must not be empty"),
        ("tags", "not json", "must be JSON"),
        ("tags", "[" * 100_000, "must be JSON"),
        ("tags", "3", "must be a list"),
        ("needed", "", "must be a whole number, and is ''"),
        ("mood", "\x1b[2Jred", "must be"),
    ],
)
def test_a_mistake_stands_at_its_field(name, value, said):
    fields = fields_of(Model)
    checked = check(Model, fields, {**held(fields, needed="7"), name: value})
    assert checked.value is None
    assert set(checked.errors) == {name}
    assert said in checked.errors[name]
    assert "\x1b" not in checked.errors[name]


def test_all_mistakes_are_said_at_once_and_one_of_the_whole_stands_apart():
    fields = fields_of(Model)
    both = check(Model, fields, held(fields, needed="x", count="0"))
    assert set(both.errors) == {"needed", "count"}
    whole = check(Model, fields, held(fields, needed="1", count="9", on=False))
    assert whole.errors == {WHOLE_FORM: "nine needs the switch to be on"}


def test_defaults_of_the_workspace_and_choices_of_the_catalog_are_taken():
    fields = {
        field.name: field
        for field in fields_of(
            RefineSettings, {"max_iterations": 5, "image": "gone"}, {"image": ("builtin", "fal")}
        )
    }
    assert fields["max_iterations"].initial == "5"
    assert fields["image"].control == "text"
    assert fields["image"].names == ("builtin", "fal")
    assert "One of builtin, fal; or several in order, such as builtin,fal." in fields["image"].help
    assert fields["vary_seed"].control == "switch"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("builtin", ""),
        ("fal, builtin", ""),
        ("gone", ""),
        ("fal,nobody", "there is no nobody. ^b lists what there is."),
        ("\x1b[2Jx", "there is no x. ^b lists what there is."),
        ("fal,fal", "name each backend once"),
        ("fal,", "name a backend"),
    ],
)
def test_several_backends_are_named_in_order(text: str, wrong: str) -> None:
    fields = fields_of(RefineSettings, {"image": "gone"}, {"image": ("builtin", "fal")})
    errors = check(RefineSettings, fields, held(fields, image=text)).errors
    assert wrong in errors.get("image", "")
    assert bool(wrong) is ("image" in errors)


async def test_the_last_of_several_names_is_completed() -> None:
    suggester = NameSuggester(("builtin", "comfyui", "fal"))
    assert await suggester.get_suggestion("co") == "comfyui"
    assert await suggester.get_suggestion("fal, bu") == "fal, builtin"
    assert await suggester.get_suggestion("fal,f") is None
    assert await suggester.get_suggestion("") is None


@pytest.mark.parametrize(
    ("name", "value"), [("seed", "-1"), ("seed", str(2**63)), ("in_flight", "0"), ("name", "a\nb")]
)
def test_the_batch_has_bounds_too(name, value):
    fields = fields_of(BatchForm)
    assert set(check(BatchForm, fields, {**held(fields), name: value}).errors) == {name}


def test_entries_are_counted_in_words():
    assert (summary(1), summary(2_000)) == ("1 entry.", "2,000 entries.")


class Form(App[None]):
    """One changed setting."""

    def compose(self) -> ComposeResult:
        (field,) = (one for one in fields_of(RefineSettings) if one.name == "max_iterations")
        yield FieldRow(replace(field, initial="2", usual="3"))


async def test_the_mark_of_a_changed_setting_is_beside_its_name() -> None:
    app = Form()
    async with app.run_test(size=(80, 24)):
        label = app.query_one(Label)
        assert str(label.render()) == "max iterations •"
        assert label.region.height == 1
