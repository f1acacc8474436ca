"""Shared parts of remote providers' backends: settings, keys, errors, HTTP limits, money."""
