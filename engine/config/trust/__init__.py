"""Permissions that the user has granted to a workspace."""
