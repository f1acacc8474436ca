"""One step: fingerprint, budget, call and outcome."""
