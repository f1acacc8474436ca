"""The schema as numbered migrations, and the rules for stores of other versions."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from db.migrations import (
    m0001_first_light,
    m0002_sets_and_hosts,
    m0003_one_count,
    m0004_counted_work,
    m0005_kinds,
    m0006_batch_steps,
    m0007_lineage,
    m0008_ratings,
    m0009_operator,
    m0010_rank,
    m0011_api,
    m0012_webhooks,
    m0013_cells,
    m0014_learned,
    m0015_machines,
    m0016_totals,
    m0017_materials,
    m0018_held,
    m0019_step_places,
    m0020_spent,
    m0021_beginnings,
    m0022_orders,
)

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

SCHEMA_VERSION = 22
"""Version of the newest migration; `PRAGMA user_version` of a store that has it."""

JOB_STATES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")
"""States of a job."""

_STEPS: tuple[tuple[str, Callable[["Database"], None]], ...] = (
    ("0001_first_light", m0001_first_light.apply),
    ("0002_sets_and_hosts", m0002_sets_and_hosts.apply),
    ("0003_one_count", m0003_one_count.apply),
    ("0004_counted_work", m0004_counted_work.apply),
    ("0005_kinds", m0005_kinds.apply),
    ("0006_batch_steps", m0006_batch_steps.apply),
    ("0007_lineage", m0007_lineage.apply),
    ("0008_ratings", m0008_ratings.apply),
    ("0009_operator", m0009_operator.apply),
    ("0010_rank", m0010_rank.apply),
    ("0011_api", m0011_api.apply),
    ("0012_webhooks", m0012_webhooks.apply),
    ("0013_cells", m0013_cells.apply),
    ("0014_learned", m0014_learned.apply),
    ("0015_machines", m0015_machines.apply),
    ("0016_totals", m0016_totals.apply),
    ("0017_materials", m0017_materials.apply),
    ("0018_held", m0018_held.apply),
    ("0019_step_places", m0019_step_places.apply),
    ("0020_spent", m0020_spent.apply),
    ("0021_beginnings", m0021_beginnings.apply),
    ("0022_orders", m0022_orders.apply),
)


def migrations() -> "Migrations":
    """Return all migrations, in order (sqlite-utils applies those that a store lacks)."""
    from sqlite_utils import Migrations

    collected = Migrations("safelight")
    for name, function in _STEPS:
        collected(name=name)(function)
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
