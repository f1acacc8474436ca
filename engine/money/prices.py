"""The price table: what providers ask, for settings that say nothing about it."""

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
"""The workspace's own table, which is looked at before the package's."""

Unit = Literal["image", "million_tokens_in", "million_tokens_out", "second"]
"""What is sold."""

_FORMER_UNITS = {"picture": "image"}
"""Units under the names that tables of earlier releases use."""


class PricesError(UserError, ValueError):
    """A price table cannot be read; the message says where and why."""


def _unit(value: Any) -> Any:
    return _FORMER_UNITS.get(value, value) if isinstance(value, str) else value


class Price(BaseModel):
    """One entry.

    Attributes:
        backend: The backend's name; `*` stands for anything, here and in `model`.
        model: The model's name.
        unit: What is sold.
        quality: The quality of images that it is of; None for any.
        dollars: For one unit.
        source: Where it was read.
        date: When.
        until: The last day that it holds, where the source says so.
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
        """Whether it is what a unit of a model costs."""
        return (
            self.unit == unit
            and self.quality in {None, quality}
            and fnmatchcase(backend, self.backend)
            and fnmatchcase(model, self.model)
        )


class PriceTable(BaseModel):
    """Prices in the order in which they are looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price: tuple[Price, ...] = ()

    def find(
        self, backend: str, model: str, unit: Unit, today: dt.date, quality: str | None = None
    ) -> Price | None:
        """The first entry for a unit of a model; None where its price is not known today."""
        for entry in self.price:
            if entry.is_of(backend, model, unit, quality) and (entry.until or today) >= today:
                return entry
        return None


def load_prices(root: Path) -> PriceTable:
    """The workspace's table, where it has one, before the package's.

    Args:
        root: The workspace.

    Raises:
        PricesError: The workspace's table has something wrong.
    """
    return PriceTable(price=(*own_prices(root).price, *_packaged().price))


def own_prices(root: Path) -> PriceTable:
    """The workspace's table alone; empty if it has none.

    Raises:
        PricesError: It has something wrong.
    """
    path = root / PRICES_FILE
    return _parsed(path.read_bytes(), str(path)) if path.is_file() else PriceTable()


@cache
def _packaged() -> PriceTable:
    return _parsed(files("engine.money").joinpath(PRICES_FILE).read_bytes(), PRICES_FILE)


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
_OF_WORDS: dict[str, tuple[Unit, tuple[str, ...]]] = {
    "price_input": ("million_tokens_in", ()),
    "price_output": ("million_tokens_out", ()),
}


def prices_for(
    table: PriceTable,
    capability: str,
    backend: str,
    model: str,
    settings: Mapping[str, Any],
    today: dt.date,
) -> dict[str, float]:
    """The prices that settings leave open and the table knows, by the name of the setting.

    What an operator has set is left alone; so is what is sold in another way that has a price
    already, since a backend adds up all prices that it knows.

    Args:
        table: Where to look.
        capability: What the backend is used for.
        backend: Its name.
        model: The model that does it.
        settings: All settings of the backend, by name; None where one is not set.
        today: The day, for prices that end.
    """
    found: dict[str, float] = {}
    for name, (unit, others) in (_OF_IMAGES if capability == "image" else _OF_WORDS).items():
        known = {**settings, **found}
        if name not in settings or known[name] is not None:
            continue
        if any(known.get(other) is not None for other in others):
            continue
        if price := table.find(backend, model, unit, today, settings.get("image_quality")):
            found[name] = price.dollars
    return found
