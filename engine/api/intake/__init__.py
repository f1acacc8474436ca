"""Everything that callers send: batches, entries, files, and requests that are sent twice."""
