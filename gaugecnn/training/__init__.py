"""Training and testing: one loop for every method and every task."""
