"""Storage: schema and migrations, the store with its three doors, typed rows, the queries."""
