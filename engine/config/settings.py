"""Settings, in rising order: `safelight.toml`, `.env`, `.env.local`, environment, command line.

Environment names start with `SAFELIGHT_`, with two underscores between levels:
`SAFELIGHT_ENGINE__JOBS_IN_FLIGHT=4`. `LOG_LEVEL` and `RUN_ID` are honoured as well. Keys of
providers keep the providers' usual names; they are read when a backend needs them and are never
part of these settings.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from engine.config.env_files import ENV_FILES, lies_outside, read_env_file
from engine.config.environment import Environment, texts_in
from engine.config.output_settings import OutputSettings
from engine.text.errors import UserError

SETTINGS_FILE = "safelight.toml"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(UserError):
    """A setting is wrong; the message names it and where it comes from."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EngineSettings(_Section):
    """How the engine works."""

    jobs_in_flight: int = Field(8, ge=1, le=1000, description="Jobs that run at the same time.")
    cpu_workers: int = Field(
        default_factory=lambda: max(1, min(8, os.cpu_count() or 1)),
        ge=1,
        le=128,
        description="Processes for CPU-heavy steps.",
    )
    grace_seconds: float = Field(
        30, ge=0, description="How long calls in flight may go on after the engine is told to stop."
    )
    deadline_seconds: float = Field(
        900, gt=0, description="How long one call may take before it is given up."
    )
    max_starts: int = Field(
        20, ge=1, description="Starts of one step, over crashes too, before it fails for good."
    )
    on_unknown: Literal["ask", "retry", "fail"] = Field(
        "ask",
        description="What to do about a paid call whose outcome is unknown after a crash.",
    )
    reuse: Literal["workspace", "job", "never"] = Field(
        "workspace",
        description="Where a request may be answered from, instead of being asked again.",
    )
    fallback_when_blocked: bool = Field(
        False,
        description="Ask the next backend also while one is blocked, instead of parking the job.",
    )
    traces: Literal["off", "failures", "all"] = Field(
        "failures",
        description="Which steps keep what they sent to a provider and what came back, without "
        "keys and images: none, those that fail, or all.",
    )


class RetrySettings(_Section):
    """How often and how soon a call that may work later is made again."""

    tries: int = Field(4, ge=1, le=100, description="Tries of one call, the first one included.")
    wait_initial: float = Field(1, ge=0, description="Seconds before the second try.")
    wait_max: float = Field(60, ge=0, description="Longest wait between tries, in seconds.")
    wait_jitter: float = Field(1, ge=0, description="Random seconds added to each wait, at most.")
    breaker_failures: int = Field(
        8, ge=1, description="Failures in a row on one lane after which all its calls wait."
    )
    breaker_seconds: float = Field(30, ge=0, description="How long they wait.")


class BudgetSettings(_Section):
    """What may be spent; each call reserves its worst case before it is sent."""

    total: float | None = Field(
        None, ge=0, le=1e9, description="Dollars that this workspace may spend in all."
    )
    day: float | None = Field(
        None, ge=0, le=1e9, description="Dollars that it may spend in one day (UTC)."
    )
    confirm_above: float = Field(
        1.0,
        ge=0,
        description="Dollars; `run` asks on a terminal before a batch that may cost more.",
    )


class HostSettings(_Section):
    """Where local models run, and how much of it they may use."""

    devices: list[Annotated[str, Field(pattern=r"^(cuda|mps|cpu)(:\d{1,3})?$")]] = Field(
        [],
        description="Devices that models run on, for example `cuda:0`, `mps` or `cpu`; empty for "
        "all that are found. `cpu:1` is one more host on the same processor.",
    )
    memory_share: float = Field(
        0.9, gt=0, le=1, description="Share of an accelerator's memory that models may fill."
    )
    cpu_memory_share: float = Field(
        0.5, gt=0, le=1, description="Share of the main memory that models may fill."
    )
    memory_gib: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {},
        description='GiB that models may fill instead, by device: `{"cuda:0" = 20}`.',
    )
    cpu_threads: int = Field(
        0, ge=0, description="Threads of a host on the processor; 0 for one a core."
    )
    largest_batch: int = Field(
        0, ge=0, description="Tasks that are done at once at most; 0 for as many as a model takes."
    )
    batch_wait_seconds: float = Field(
        0.02,
        ge=0,
        le=1,
        description="How long a host with nothing to do waits for one more task of a batch.",
    )
    patience_seconds: float = Field(
        5, ge=0, description="How long a task waits before a model that others want has to go."
    )
    idle_seconds: float = Field(
        600, ge=0, description="Seconds without work after which a host ends; 0 for never."
    )
    grace_seconds: float = Field(
        10, ge=0, description="How long a model may go on with what was given up."
    )
    load_seconds: float = Field(1800, gt=0, description="How long a model may take to load.")
    max_crashes: int = Field(
        5, ge=1, description="Deaths of a host in a row after which it is left alone."
    )
    broken_seconds: float = Field(60, ge=0, description="How long it is left alone then.")


class StoreSettings(_Section):
    """What is kept for how long."""

    keep_events: int = Field(
        1_000_000, ge=1000, description="Newest events that are kept; older ones are removed."
    )


class LogSettings(_Section):
    """The log file of each run."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_bytes: int = Field(10_000_000, ge=10_000, description="Size at which a log file is turned.")
    keep: int = Field(5, ge=0, description="Turned files that are kept for each run.")


class _TomlSource(TomlConfigSettingsSource):
    """A settings file, with or without the byte order mark that Windows editors write."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return tomllib.loads(file_path.read_bytes().decode("utf-8-sig"))


class _EnvFilesSource(DotEnvSettingsSource):
    """The `.env` files, without replacing `${NAME}` in them and without waiting for a pipe."""

    def _read_env_files(self) -> Mapping[str, str | None]:
        settings_file = self.config.get("toml_file")
        if not isinstance(settings_file, Path):
            return {}
        read = [read_env_file(settings_file.with_name(name)) for name in ENV_FILES]
        return {name.lower(): value for values in read for name, value in values.items()}


class Settings(BaseSettings):
    """All settings of a workspace."""

    model_config = SettingsConfigDict(
        env_prefix="SAFELIGHT_",
        env_nested_delimiter="__",
        dotenv_filtering="match_prefix",
        extra="forbid",
        hide_input_in_errors=True,
    )

    engine: EngineSettings = Field(default_factory=EngineSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)
    budget: BudgetSettings = Field(default_factory=BudgetSettings)
    hosts: HostSettings = Field(default_factory=HostSettings)
    outputs: OutputSettings = Field(default_factory=OutputSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    backends: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Settings of each backend by its name."
    )
    recipes: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Defaults of each recipe's settings by its name."
    )
    _given: tuple[str, ...] = PrivateAttr(())

    @property
    def given(self) -> tuple[str, ...]:
        """Texts of backends and outputs that were arguments, so that no file has set them."""
        return self._given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line over the environment over `.env` files over `safelight.toml`."""
        toml, env_files = _TomlSource(settings_cls), _EnvFilesSource(settings_cls)
        return init_settings, env_settings, env_files, toml


def read_settings(root: Path, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Reads a workspace's settings.

    Args:
        root: The workspace.
        overrides: Nested mappings that win over everything else.

    Raises:
        SettingsError: A file or a value is wrong.
    """

    class Located(Settings):
        model_config = SettingsConfigDict(toml_file=root / SETTINGS_FILE)

    try:
        settings = Located(**(overrides or {}))
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{root / SETTINGS_FILE} cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{_not_utf8(root)} is not UTF-8 text: {error}.") from None
    said = overrides or {}
    settings._given = tuple(texts_in([said.get("backends"), said.get("outputs")]))
    if level := os.environ.get("LOG_LEVEL"):
        settings.log.level = _log_level(level)
    return settings


def _not_utf8(root: Path) -> Path:
    """Which of the files of settings holds bytes that are no text."""
    files = [path for name in (SETTINGS_FILE, *ENV_FILES) if (path := root / name).is_file()]
    for path in files:
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return path
    return root / SETTINGS_FILE


def _log_level(text: str) -> Any:
    if text.upper() not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {text[:40]!r}; use one of {', '.join(LOG_LEVELS)}.")
    return text.upper()


def _explain(error: ValidationError) -> str:
    sentences = []
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"])
        sentences.append(f"Setting {place}: {problem['msg']}.")
    where = f"It is in {SETTINGS_FILE}, {', '.join(ENV_FILES)} or the environment (SAFELIGHT_...)."
    return " ".join((*sentences, where))


def load_environment(root: Path, given: Iterable[str] = ()) -> Environment:
    """The process's environment with the workspace's `.env` files under it.

    Backends take their keys from it. It is read again when an operator resumes something, so that
    a key that was added reaches a running engine.

    Args:
        root: The workspace.
        given: Addresses that the user has given otherwise than by a file of the workspace.
    """
    merged: dict[str, str] = {}
    linked: set[str] = set()
    for name in ENV_FILES:
        values = read_env_file(root / name)
        merged.update(values)
        linked.difference_update(values)
        if lies_outside(root, root / name):
            linked.update(values)
    return Environment(root, merged, given, linked)
