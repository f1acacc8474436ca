"""Callers: tokens, scopes, and the principal of a request."""
