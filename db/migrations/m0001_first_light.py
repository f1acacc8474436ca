"""Migration 1: the schema that Safelight was first released with; it never changes again.

Times are UTC in ISO 8601 with microseconds and `Z`. Costs are integer micro-dollars. Sizes are
bytes. Counters of a batch are kept by triggers as jobs move (and by `add_jobs` as they come), so
that a list of batches never counts jobs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_JOB_STATES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")

_BATCH_STATE = """
CASE
  WHEN preparing THEN 'preparing'
  WHEN held AND running + queued + parked > 0 THEN 'paused'
  WHEN paused > 0 AND running + queued + parked = 0 THEN 'paused'
  WHEN running > 0 THEN 'running'
  WHEN parked > 0 AND queued = 0 THEN 'parked'
  WHEN queued > 0 THEN 'queued'
  WHEN finish IN ('pending', 'running') THEN 'running'
  WHEN failed > 0 OR finish = 'failed' THEN 'done_with_failures'
  WHEN cancelled > 0 THEN 'cancelled'
  ELSE 'done'
END
"""

_TABLES = (
    """
    CREATE TABLE version_info (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    f"""
    CREATE TABLE batches (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      recipe TEXT NOT NULL,
      recipe_version TEXT NOT NULL,
      seed INTEGER NOT NULL,
      priority INTEGER NOT NULL DEFAULT 0,
      in_flight INTEGER,
      settings TEXT NOT NULL,
      snapshot TEXT NOT NULL,
      source TEXT NOT NULL DEFAULT '',
      outputs TEXT NOT NULL,
      summary TEXT NOT NULL,
      preparing INTEGER NOT NULL DEFAULT 1,
      preparer TEXT,
      held INTEGER NOT NULL DEFAULT 0,
      finish TEXT NOT NULL DEFAULT 'pending',
      finish_error TEXT,
      queued INTEGER NOT NULL DEFAULT 0,
      running INTEGER NOT NULL DEFAULT 0,
      paused INTEGER NOT NULL DEFAULT 0,
      parked INTEGER NOT NULL DEFAULT 0,
      done INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      cancelled INTEGER NOT NULL DEFAULT 0,
      cost INTEGER NOT NULL DEFAULT 0,
      presumed INTEGER NOT NULL DEFAULT 0,
      budget INTEGER,
      created_at TEXT NOT NULL,
      started_at TEXT,
      finished_at TEXT,
      state TEXT GENERATED ALWAYS AS ({_BATCH_STATE}) VIRTUAL
    )
    """,
    """
    CREATE TABLE jobs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      batch_id INTEGER NOT NULL REFERENCES batches(id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      key TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'queued',
      reason TEXT,
      lane TEXT,
      message TEXT,
      priority INTEGER NOT NULL DEFAULT 0,
      seed INTEGER NOT NULL,
      input TEXT NOT NULL,
      output TEXT NOT NULL,
      place TEXT NOT NULL,
      stage TEXT,
      iterations INTEGER NOT NULL DEFAULT 0,
      score REAL,
      cost INTEGER NOT NULL DEFAULT 0,
      starts INTEGER NOT NULL DEFAULT 0,
      result TEXT,
      error_id INTEGER,
      created_at TEXT NOT NULL,
      started_at TEXT,
      finished_at TEXT
    )
    """,
    """
    CREATE TABLE steps (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      batch_id INTEGER NOT NULL,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      scope TEXT NOT NULL,
      name TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      state TEXT NOT NULL,
      operation TEXT NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      request TEXT NOT NULL,
      request_id TEXT,
      result TEXT,
      error_id INTEGER,
      attempts INTEGER NOT NULL DEFAULT 1,
      cost INTEGER NOT NULL DEFAULT 0,
      reserved INTEGER NOT NULL DEFAULT 0,
      reusable INTEGER NOT NULL DEFAULT 0,
      reused_from INTEGER,
      saved INTEGER NOT NULL DEFAULT 0,
      started_at TEXT NOT NULL,
      finished_at TEXT,
      superseded_at TEXT
    )
    """,
    """
    CREATE TABLE artifacts (
      id INTEGER PRIMARY KEY,
      batch_id INTEGER NOT NULL,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      step_id INTEGER REFERENCES steps(id) ON DELETE CASCADE,
      role TEXT NOT NULL,
      hash TEXT NOT NULL,
      media_type TEXT NOT NULL,
      size INTEGER NOT NULL,
      width INTEGER,
      height INTEGER,
      created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE scores (
      id INTEGER PRIMARY KEY,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      step_id INTEGER NOT NULL REFERENCES steps(id) ON DELETE CASCADE,
      metric TEXT NOT NULL,
      value REAL NOT NULL,
      raw REAL,
      scorer TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE critiques (
      id INTEGER PRIMARY KEY,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      step_id INTEGER NOT NULL REFERENCES steps(id) ON DELETE CASCADE,
      text TEXT NOT NULL,
      missing TEXT NOT NULL,
      measurements TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE prompts (
      id INTEGER PRIMARY KEY,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      step_id INTEGER REFERENCES steps(id) ON DELETE CASCADE,
      parent_id INTEGER,
      text TEXT NOT NULL,
      negative TEXT NOT NULL,
      author TEXT NOT NULL,
      reason TEXT NOT NULL,
      created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE api_calls (
      id INTEGER PRIMARY KEY,
      batch_id INTEGER NOT NULL,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      step_id INTEGER NOT NULL REFERENCES steps(id) ON DELETE CASCADE,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      purpose TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      request_id TEXT,
      status TEXT NOT NULL,
      error TEXT,
      wait_seconds REAL,
      cost INTEGER NOT NULL DEFAULT 0,
      tokens_in INTEGER,
      tokens_out INTEGER,
      started_at TEXT NOT NULL,
      finished_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE errors (
      id INTEGER PRIMARY KEY,
      batch_id INTEGER,
      job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE,
      step_id INTEGER REFERENCES steps(id) ON DELETE CASCADE,
      kind TEXT NOT NULL,
      type TEXT NOT NULL,
      message TEXT NOT NULL,
      remedy TEXT NOT NULL DEFAULT '',
      traceback TEXT NOT NULL DEFAULT '',
      created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE events (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      batch_id INTEGER,
      job_id INTEGER,
      step_id INTEGER,
      type TEXT NOT NULL,
      level TEXT NOT NULL DEFAULT 'info',
      message TEXT NOT NULL DEFAULT '',
      data TEXT NOT NULL DEFAULT '{}'
    )
    """,
    """
    CREATE TABLE progress (
      step_id INTEGER PRIMARY KEY,
      batch_id INTEGER NOT NULL,
      job_id INTEGER,
      fraction REAL,
      message TEXT NOT NULL,
      at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE commands (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      verb TEXT NOT NULL,
      targets TEXT NOT NULL,
      arguments TEXT NOT NULL DEFAULT '{}',
      source TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'pending',
      answer TEXT,
      created_at TEXT NOT NULL,
      answered_at TEXT
    )
    """,
    """
    CREATE TABLE decisions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      author TEXT NOT NULL,
      created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE spending (
      day TEXT PRIMARY KEY,
      cost INTEGER NOT NULL DEFAULT 0,
      presumed INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE engines (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      pid INTEGER NOT NULL,
      host TEXT NOT NULL,
      version TEXT NOT NULL,
      run_id TEXT NOT NULL,
      state TEXT NOT NULL,
      started_at TEXT NOT NULL,
      seen_at TEXT NOT NULL,
      stopped_at TEXT
    )
    """,
    """
    CREATE TABLE lanes (
      name TEXT PRIMARY KEY,
      state TEXT NOT NULL,
      reason TEXT,
      message TEXT,
      concurrency INTEGER NOT NULL,
      width INTEGER NOT NULL,
      requests_per_minute REAL,
      in_flight INTEGER NOT NULL DEFAULT 0,
      waiting INTEGER NOT NULL DEFAULT 0,
      updated_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

_INDEXES = (
    "CREATE INDEX batches_open ON batches(priority DESC, id) WHERE queued > 0",
    "CREATE INDEX batches_unfinished ON batches(id) WHERE finish IN ('pending', 'running')",
    "CREATE UNIQUE INDEX jobs_key ON jobs(batch_id, key)",
    "CREATE UNIQUE INDEX jobs_position ON jobs(batch_id, position)",
    "CREATE UNIQUE INDEX jobs_place ON jobs(place)",
    "CREATE INDEX jobs_score ON jobs(batch_id, score, position)",
    "CREATE INDEX jobs_state ON jobs(batch_id, state, position)",
    "CREATE INDEX jobs_runnable ON jobs(batch_id, priority DESC, position) WHERE state = 'queued'",
    "CREATE INDEX jobs_running ON jobs(id) WHERE state = 'running'",
    "CREATE INDEX jobs_parked ON jobs(lane, reason) WHERE state = 'parked'",
    "CREATE UNIQUE INDEX steps_of_job ON steps(job_id, key, fingerprint)",
    """CREATE UNIQUE INDEX steps_of_finish ON steps(batch_id, key, fingerprint)
       WHERE job_id IS NULL""",
    "CREATE INDEX steps_reserved ON steps(batch_id, state, reserved) WHERE reserved > 0",
    """CREATE INDEX steps_reusable ON steps(fingerprint)
       WHERE state = 'done' AND reusable""",
    "CREATE INDEX artifacts_hash ON artifacts(hash)",
    "CREATE INDEX artifacts_step ON artifacts(step_id)",
    "CREATE INDEX artifacts_job ON artifacts(job_id)",
    "CREATE INDEX scores_job ON scores(job_id)",
    "CREATE INDEX scores_step ON scores(step_id)",
    "CREATE INDEX critiques_job ON critiques(job_id)",
    "CREATE INDEX critiques_step ON critiques(step_id)",
    "CREATE INDEX prompts_job ON prompts(job_id)",
    "CREATE INDEX prompts_step ON prompts(step_id)",
    "CREATE INDEX api_calls_batch ON api_calls(batch_id)",
    "CREATE INDEX api_calls_job ON api_calls(job_id)",
    "CREATE INDEX api_calls_step ON api_calls(step_id)",
    "CREATE INDEX errors_job ON errors(job_id)",
    "CREATE INDEX errors_step ON errors(step_id)",
    "CREATE INDEX events_job ON events(job_id, id)",
    "CREATE INDEX events_batch ON events(batch_id, id)",
    "CREATE INDEX progress_job ON progress(job_id)",
    "CREATE INDEX commands_pending ON commands(id) WHERE state = 'pending'",
    "CREATE INDEX decisions_job ON decisions(job_id, key, id)",
)


def _count(row: str, sign: str) -> str:
    changes = ", ".join(f"{s} = {s} {sign} ({row}.state = '{s}')" for s in _JOB_STATES)
    return f"UPDATE batches SET {changes} WHERE id = {row}.batch_id;"  # noqa: S608 - our own names


_TRIGGERS = (
    f"CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN {_count('OLD', '-')} END",
    f"""CREATE TRIGGER jobs_moved AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state
        BEGIN {_count("OLD", "-")} {_count("NEW", "+")} END""",
)

_VIEWS = (
    """
    CREATE VIEW iterations AS
    SELECT
      s.job_id,
      s.scope,
      CAST(substr(s.scope, instr(s.scope, 'iteration-') + 10) AS INTEGER) AS number,
      min(s.started_at) AS started_at,
      max(s.finished_at) AS finished_at,
      sum(s.cost) AS cost,
      sum(s.state = 'done') AS steps_done,
      (SELECT a.hash FROM artifacts a JOIN steps t ON t.id = a.step_id
        WHERE t.job_id = s.job_id AND t.scope = s.scope AND t.superseded_at IS NULL
          AND a.media_type LIKE 'image/%' ORDER BY a.id LIMIT 1) AS picture,
      (SELECT v.value FROM scores v JOIN steps t ON t.id = v.step_id
        WHERE t.job_id = s.job_id AND t.scope = s.scope AND t.superseded_at IS NULL
        ORDER BY v.id LIMIT 1) AS score
    FROM steps s
    WHERE s.superseded_at IS NULL AND s.scope LIKE '%iteration-%'
    GROUP BY s.job_id, s.scope
    """,
)


def apply(db: "Database") -> None:
    """Makes all tables, indexes, triggers and views."""
    for statement in (*_TABLES, *_INDEXES, *_TRIGGERS, *_VIEWS):
        db.execute(statement)
