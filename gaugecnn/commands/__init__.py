"""The commands, one function each, and what they share; `gaugecnn.cli` lists them."""
