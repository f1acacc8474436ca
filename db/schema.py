"""The schema as numbered migrations, and the rules for stores of other versions."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Migrations

SCHEMA_VERSION = 23
"""Version of the newest migration; `PRAGMA user_version` of a store that has it."""

JOB_STATES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")
"""States of a job."""

_STEPS = (
    "0001_first_light",
    "0002_sets_and_hosts",
    "0003_one_count",
    "0004_counted_work",
    "0005_kinds",
    "0006_batch_steps",
    "0007_lineage",
    "0008_ratings",
    "0009_operator",
    "0010_rank",
    "0011_api",
    "0012_webhooks",
    "0013_cells",
    "0014_learned",
    "0015_machines",
    "0016_totals",
    "0017_materials",
    "0018_held",
    "0019_step_places",
    "0020_spent",
    "0021_beginnings",
    "0022_orders",
    "0023_lists",
)


def migrations() -> "Migrations":
    """Return all migrations, in order (sqlite-utils applies those that a store lacks)."""
    from sqlite_utils import Migrations

    collected = Migrations("safelight")
    for name in _STEPS:
        collected(name=name)(import_module(f"db.migrations.m{name}").apply)
    return collected


def migrate(path: str) -> None:
    """Migrate the store at `path` to `SCHEMA_VERSION`; does nothing if it is there already."""
    from sqlite_utils import Database

    database = Database(path)
    try:
        database.execute("PRAGMA busy_timeout = 60000")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        migrations().apply(database)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.conn.commit()
    finally:
        database.close()
