"""What a run leaves on disk: its directory, where it comes from, and rows of results."""
