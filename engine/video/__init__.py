"""Video: recognition, facts and still frames. No store, no model, no network."""
