"""The published networks: their weights, and what their grids cannot tell apart."""
