"""Who asks: tokens, scopes, and the principal of a request."""
