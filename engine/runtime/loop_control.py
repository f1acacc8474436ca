"""Control of the engine's loop: wake it, and ask it to stop."""

import asyncio
import contextlib


class LoopControl:
    """A pause of the loop that anybody in the event loop may cut short."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._is_stopping = False
        self._is_draining = False

    @property
    def is_stopping(self) -> bool:
        """True once the loop has been asked to stop."""
        return self._is_stopping

    @property
    def is_draining(self) -> bool:
        """True once the loop has been asked to stop after what runs."""
        return self._is_draining

    def wake(self) -> None:
        """End the pause that the loop is in."""
        self._event.set()

    def stop(self) -> None:
        """Ask the loop to stop after its turn."""
        self._is_stopping = True
        self.wake()

    def drain(self) -> None:
        """Ask the loop to take nothing new, and to stop once what runs has ended."""
        self._is_draining = True
        self.wake()

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds, or until a `wake`; one since the last pause counts."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()
