"""The engine: holds the workspace, takes jobs by priority and age, and runs their recipes."""

from collections.abc import Callable, Mapping
from typing import Any

from db.store import Store
from engine.config.paths import WorkspacePaths
from engine.config.process.limits import refuse_too_little
from engine.config.settings import Settings
from engine.contract.recipe import Catalog
from engine.runtime.engine_name import EngineName
from engine.runtime.gc_tuning import tuned_gc
from engine.runtime.live_settings import LiveSettings
from engine.runtime.lock import EngineLock
from engine.runtime.loop_control import LoopControl
from engine.runtime.session import Session
from engine.runtime.signing import Signer
from engine.runtime.timings import EngineTimings

STANDARD_TIMINGS = EngineTimings()


class Engine:
    """One engine on one workspace.

    Args:
        paths: The workspace's folders and files.
        settings: Its settings.
        catalog: Recipes and backends.
        version: Version of Safelight, kept with the engine's row.
        run_id: Name of this run in logs.
        signer: Returns the signing of outputs.
        overrides: Settings that take precedence over files and environment on a reload.
        timings: Intervals of its work, and its patience when it closes.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        settings: Settings,
        catalog: Catalog,
        *,
        version: str,
        run_id: str,
        signer: Signer,
        overrides: Mapping[str, Any] | None = None,
        timings: EngineTimings = STANDARD_TIMINGS,
    ) -> None:
        self._paths = paths
        self._catalog = catalog
        self._signer = signer
        self._name = EngineName(version, run_id)
        self._timings = timings
        self._live = LiveSettings(paths, settings, overrides)
        self._control = LoopControl()
        self._session: Session | None = None

    async def run(
        self,
        until: "Callable[[Engine], bool] | None" = None,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        """Work until it is stopped, or until `until` returns True.

        Args:
            until: Returns whether to end; called at every turn.
            on_start: Called once this engine holds the workspace.

        Raises:
            WorkspaceBusy: Another engine holds the workspace.
            StoreGone: The store was deleted or replaced underneath.
            TooLittle: The system allows too few open files, memory or processes.
        """
        refuse_too_little()
        with EngineLock(self._paths.lock), tuned_gc():
            store = Store(self._paths.store)
            on_start()
            self._session = session = Session(
                self._live,
                self._catalog,
                store,
                self._control,
                self._name,
                self._timings,
                self._signer,
            )
            try:
                await session.run(lambda: until is not None and until(self))
            finally:
                self._session = None

    def stop(self) -> None:
        """Take no more work; calls in flight get the grace period."""
        self._control.stop()

    @property
    def session(self) -> Session:
        """The parts of the engine while it holds the workspace.

        Raises:
            RuntimeError: It does not hold the workspace now.
        """
        if self._session is None:
            raise RuntimeError("The engine does not hold its workspace now.")
        return self._session

    @property
    def trouble(self) -> str | None:
        """Why the store cannot be written now, as a sentence; None if it can."""
        return self._session.trouble if self._session else None

    @property
    def is_idle(self) -> bool:
        """True if it holds the workspace, and nothing runs or could be started."""
        return self._session is not None and self._session.is_idle

    def batch_is_over(self, batch_id: int) -> bool:
        """Return whether a batch has ended, or waits until something is done about it."""
        return self._session is not None and self._session.batch_is_over(batch_id)
