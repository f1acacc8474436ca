"""The one door of the command line, the dashboard and scripts."""
