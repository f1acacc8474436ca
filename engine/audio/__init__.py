"""Audio: recognition, facts and waveforms. No store, no model, no network."""
