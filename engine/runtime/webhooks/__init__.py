"""Webhooks: events signed and sent to the addresses that want them, by Standard Webhooks 1.0."""
