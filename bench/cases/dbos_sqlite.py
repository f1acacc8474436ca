"""DBOS on SQLite with the same work: workflows of three trivial asynchronous steps.

Runs with the peers' own Python, which has no Safelight.
Usage: python -m bench.cases.dbos_sqlite WORKFLOWS IN_FLIGHT
"""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time

if sqlite3.sqlite_version_info < (3, 42):  # its tables need a newer one than many systems have
    import pysqlite3
    import pysqlite3.dbapi2

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

from dbos import DBOS

STEPS = 3


@DBOS.step()
async def trivial(i: int, k: int) -> dict[str, object]:
    return {"i": i, "k": k, "ok": True, "score": 0.5}


@DBOS.workflow()
async def workflow(i: int) -> dict[str, object]:
    for k in range(STEPS):
        await trivial(i, k)
    return {}


async def measure(workflows: int, in_flight: int) -> float:
    """Steps a second."""
    DBOS.launch()
    slots = asyncio.Semaphore(in_flight)

    async def one(i: int) -> None:
        async with slots:
            await workflow(i)

    await workflow(-1)
    started = time.perf_counter()
    await asyncio.gather(*(one(i) for i in range(workflows)))
    rate = STEPS * workflows / (time.perf_counter() - started)
    DBOS.destroy()
    return rate


def main() -> None:
    workflows, in_flight = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="dbos-") as folder:
        os.chdir(folder)
        url = f"sqlite:///{folder}/bench.db"
        DBOS(
            config={
                "name": "bench",
                "system_database_url": url,
                "log_level": "ERROR",
                "run_admin_server": False,
            }
        )
        rate = asyncio.run(measure(workflows, in_flight))
        os.chdir("/")
    print(json.dumps({"steps_s": rate}), flush=True)


if __name__ == "__main__":
    main()
