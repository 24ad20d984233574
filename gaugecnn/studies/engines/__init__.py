"""Who does the runs of a study: this process, several, or a cluster."""
