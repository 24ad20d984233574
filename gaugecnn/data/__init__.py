"""Which functions live on a domain: images, scenes, poses."""
