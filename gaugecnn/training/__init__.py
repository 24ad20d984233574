"""Training, testing, run directories."""
