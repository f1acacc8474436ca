"""One local server that speaks every provider's wire format, and misbehaves on demand."""
