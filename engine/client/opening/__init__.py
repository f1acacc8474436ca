"""Opening a file of a job outside of Safelight: in the system's viewer, or in a player."""
