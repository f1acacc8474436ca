"""One local server that speaks every provider's wire format, and can be told to misbehave."""
