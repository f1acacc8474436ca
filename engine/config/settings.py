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
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from engine.config.alert_settings import AlertSettings
from engine.config.api_settings import ApiSettings
from engine.config.artifact_settings import ArtifactSettings
from engine.config.env_files import ENV_FILES, lies_outside, read_env_file
from engine.config.environment import Environment, texts_in
from engine.config.open_settings import OpenSettings
from engine.config.output_settings import OutputSettings
from engine.config.provenance_settings import ProvenanceSettings
from engine.config.store_settings import StoreSettings
from engine.contract.host_settings import HostSettings
from engine.text.errors import UserError

SETTINGS_FILE = "safelight.toml"
SECRETS = frozenset({"SAFELIGHT_TOKEN", "SAFELIGHT_WEBHOOK_SECRET"})
"""Variables of ours that are no settings, so that no message about settings can hold them."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(UserError):
    """A setting is wrong; the message names it and where it comes from."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EngineSettings(_Section):
    """Concurrency, deadlines and policies of the engine."""

    jobs_in_flight: int = Field(8, ge=1, le=1000, description="Maximum number of jobs in flight.")
    cpu_workers: int = Field(
        default_factory=lambda: max(1, min(8, os.cpu_count() or 1)),
        ge=1,
        le=128,
        description="Number of processes for CPU-heavy steps.",
    )
    grace_seconds: float = Field(
        30, ge=0, description="Grace period for calls in flight when the engine stops, in seconds."
    )
    deadline_seconds: float = Field(
        900, gt=0, description="Maximum duration of one call, in seconds."
    )
    max_starts: int = Field(
        20, ge=1, description="Maximum attempts per step, including ones lost to crashes."
    )
    on_unknown: Literal["ask", "retry", "fail"] = Field(
        "ask",
        description="Action for a paid call whose outcome is unknown after a crash.",
    )
    reuse: Literal["workspace", "job", "never"] = Field(
        "workspace",
        description="Scope in which the result of an identical request is reused.",
    )
    fallback_when_blocked: bool = Field(
        False,
        description="Use the next backend if one is blocked, instead of parking the job.",
    )
    traces: Literal["off", "failures", "all"] = Field(
        "failures",
        description="Steps whose requests and replies are kept, without keys and images: none, "
        "failed ones, or all.",
    )


class RetrySettings(_Section):
    """Retries of calls that may succeed later."""

    tries: int = Field(4, ge=1, le=100, description="Maximum tries per call, including the first.")
    wait_initial: float = Field(1, ge=0, description="Wait before the second try, in seconds.")
    wait_max: float = Field(60, ge=0, description="Maximum wait between tries, in seconds.")
    wait_jitter: float = Field(
        1, ge=0, description="Maximum random jitter added to each wait, in seconds."
    )
    breaker_failures: int = Field(
        8, ge=1, description="Consecutive failures on a lane after which all its calls wait."
    )
    breaker_seconds: float = Field(30, ge=0, description="Duration of that wait, in seconds.")


class BudgetSettings(_Section):
    """Limits on spending; each call reserves its worst case before it is sent."""

    total: float | None = Field(
        None, ge=0, le=1e9, description="Maximum spending of this workspace, in dollars."
    )
    day: float | None = Field(
        None, ge=0, le=1e9, description="Maximum spending per day (UTC), in dollars."
    )
    confirm_above: float = Field(
        1.0,
        ge=0,
        description="Cost in dollars above which `run` asks for confirmation on a terminal.",
    )


class LogSettings(_Section):
    """The log file of each run."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    max_bytes: int = Field(
        10_000_000, ge=10_000, description="Rotate the log file at this size (bytes)."
    )
    keep: int = Field(5, ge=0, description="Number of rotated files to keep per run.")


class _TomlSource(TomlConfigSettingsSource):
    """Settings file, with or without the byte order mark that Windows editors write."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return tomllib.loads(file_path.read_bytes().decode("utf-8-sig"))


class _EnvFilesSource(DotEnvSettingsSource):
    """The `.env` files, without interpolation of `${NAME}` and without blocking on a pipe."""

    def _read_env_files(self) -> Mapping[str, str | None]:
        settings_file = self.config.get("toml_file")
        if not isinstance(settings_file, Path):
            return {}
        read = [read_env_file(settings_file.with_name(name)) for name in ENV_FILES]
        return {
            name.lower(): value
            for values in read
            for name, value in values.items()
            if name.upper() not in SECRETS
        }


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
    open: OpenSettings = Field(default_factory=OpenSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    provenance: ProvenanceSettings = Field(default_factory=ProvenanceSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    artifacts: ArtifactSettings = Field(default_factory=ArtifactSettings)
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
        """Texts of backends and outputs that were set by arguments, not by a file."""
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
        """Return the sources: command line, environment, `.env` files, `safelight.toml`."""
        toml, env_files = _TomlSource(settings_cls), _EnvFilesSource(settings_cls)
        return init_settings, env_settings, env_files, toml


def read_settings(root: Path, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read a workspace's settings.

    Args:
        root: The workspace.
        overrides: Nested mappings that take precedence over everything else.

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
    values = overrides or {}
    places = ("api", "artifacts", "backends", "hosts", "outputs")
    settings._given = tuple(texts_in([values.get(name) for name in places]))
    if level := os.environ.get("LOG_LEVEL"):
        settings.log.level = _log_level(level)
    return settings


def _not_utf8(root: Path) -> Path:
    """Return the settings file that is not UTF-8."""
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
    """Return the process's environment over the workspace's `.env` files.

    Backends take their keys from it. It is read again when an operator resumes something, so that
    an added key reaches a running engine.

    Args:
        root: The workspace.
        given: Addresses set by the user, not by a file of the workspace.
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
