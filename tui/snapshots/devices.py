"""View of this machine's NVIDIA devices."""

from engine.client.views.devices import RENEW_SECONDS, DeviceLine, DeviceReader


class DevicesView:
    """View of the devices."""

    every = RENEW_SECONDS

    def __init__(self) -> None:
        self._reader = DeviceReader()

    def read(self, connection: object, version: int) -> tuple[DeviceLine, ...]:
        """Return the present state of all devices."""
        return self._reader.read()
