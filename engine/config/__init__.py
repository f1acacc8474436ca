"""Settings, paths, logs and the environment of a workspace."""
