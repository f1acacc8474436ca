"""Price table: prices of providers, for settings without prices."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from engine.text.errors import UserError

PRICES_FILE = "prices.toml"
"""The workspace's own table, which takes precedence over the package's."""

Unit = Literal[
    "image",
    "million_tokens_in",
    "million_tokens_out",
    "million_tokens_sound",
    "second",
    "sound",
    "sound_second",
    "video",
    "video_second",
]
"""Unit of sale."""

_FORMER_UNITS = {"picture": "image"}
"""Units by their names in tables of earlier releases."""


class PricesError(UserError, ValueError):
    """A price table cannot be read; the message has the place and the reason."""


def _unit(value: Any) -> Any:
    return _FORMER_UNITS.get(value, value) if isinstance(value, str) else value


class Price(BaseModel):
    """One entry.

    Attributes:
        backend: The backend's name; `*` matches anything, here and in `model`.
        model: The model's name.
        unit: Unit of sale.
        quality: Quality of images that it applies to; None for any.
        dollars: Price of one unit.
        source: Source of the price.
        date: Date of the source.
        until: Last day on which it is valid, if the source names one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: str
    model: str
    unit: Annotated[Unit, BeforeValidator(_unit)]
    quality: str | None = None
    dollars: float = Field(ge=0, le=1e6, allow_inf_nan=False)
    source: str = Field(min_length=1)
    date: dt.date
    until: dt.date | None = None

    def is_of(self, backend: str, model: str, unit: Unit, quality: str | None) -> bool:
        """Return whether it is the price of a unit of a model."""
        return (
            self.unit == unit
            and self.quality in {None, quality}
            and fnmatchcase(backend, self.backend)
            and fnmatchcase(model, self.model)
        )


class PriceTable(BaseModel):
    """Prices in the order of precedence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price: tuple[Price, ...] = ()

    def find(
        self, backend: str, model: str, unit: Unit, today: dt.date, quality: str | None = None
    ) -> Price | None:
        """Return the first entry for a unit of a model; None if its price is unknown today."""
        for entry in self.price:
            if entry.is_of(backend, model, unit, quality) and (entry.until or today) >= today:
                return entry
        return None


def load_prices(root: Path) -> PriceTable:
    """Return the workspace's table, if any, before the package's.

    Args:
        root: The workspace.

    Raises:
        PricesError: The workspace's table has something wrong.
    """
    return PriceTable(price=(*own_prices(root).price, *_packaged().price))


def own_prices(root: Path) -> PriceTable:
    """Return the workspace's table alone; empty if it has none.

    Raises:
        PricesError: It has something wrong.
    """
    path = root / PRICES_FILE
    return _parsed(path.read_bytes(), str(path)) if path.is_file() else PriceTable()


@cache
def _packaged() -> PriceTable:
    return _parsed(files("engine.queueing.money").joinpath(PRICES_FILE).read_bytes(), PRICES_FILE)


def _parsed(data: bytes, where: str) -> PriceTable:
    try:
        return PriceTable.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PricesError(f"{where}, {place}: {first['msg']}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PricesError(f"{where} cannot be read: {error}.") from None


_OF_IMAGES: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "price_per_image": ("image", ("price_per_second", "price_input", "price_output")),
    "price_image": ("image", ()),
    "price_per_second": ("second", ("price_per_image",)),
    "price_image_input": ("million_tokens_in", ()),
    "price_image_output": ("million_tokens_out", ()),
}
_OF_SOUNDS: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "price_per_sound": ("sound", ("price_per_sound_second",)),
    "price_per_sound_second": ("sound_second", ("price_per_sound",)),
}
_OF_CLIPS: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "price_per_video": ("video", ("price_per_video_second",)),
    "price_per_video_second": ("video_second", ("price_per_video",)),
}
_OF_WORDS: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "price_input": ("million_tokens_in", ()),
    "price_output": ("million_tokens_out", ()),
    "price_sound": ("million_tokens_sound", ()),
}
_BY_CAPABILITY = {"image": _OF_IMAGES, "audio": _OF_SOUNDS, "video": _OF_CLIPS}


def prices_for(
    table: PriceTable,
    capability: str,
    backend: str,
    model: str,
    settings: Mapping[str, Any],
    today: dt.date,
) -> dict[str, float]:
    """Return prices of the table for settings that are not set, by the name of the setting.

    Prices set by an operator are kept; so are units sold in another way that already have a price,
    since a backend adds up all prices that it knows.

    Args:
        table: The table.
        capability: Purpose of the backend.
        backend: Its name.
        model: The model.
        settings: All settings of the backend, by name; None if one is not set.
        today: The day, for prices that expire.
    """
    prices: dict[str, float] = {}
    for name, (unit, others) in _BY_CAPABILITY.get(capability, _OF_WORDS).items():
        known = {**settings, **prices}
        if name not in settings or known[name] is not None:
            continue
        if any(known.get(other) is not None for other in others):
            continue
        if price := table.find(backend, model, unit, today, settings.get("image_quality")):
            prices[name] = price.dollars
    return prices
