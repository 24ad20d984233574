"""Pictures laid on a surface: where they come from, how they are read, placed and rendered."""
