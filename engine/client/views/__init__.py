"""Views of batches and jobs, read for people: what the dashboard and the gallery show."""
