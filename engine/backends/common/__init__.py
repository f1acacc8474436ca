"""What the backends of remote providers share: settings, keys, errors, HTTP limits, money."""
