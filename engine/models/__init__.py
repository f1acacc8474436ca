"""Local models: hosts, weights, diffusion pipelines and scorers."""
