"""The runtime: what makes a recipe durable."""
