"""Events over the wire: pages and streams, fed by one poller of the store."""
