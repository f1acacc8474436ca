"""JSON and YAML from strangers: bounded, without duplicate keys, aliases and absurd numbers."""
