"""Where functions live: domains, frames, transport, symmetries."""
