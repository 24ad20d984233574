"""Which functions live on a domain: pictures laid on it, or fields that live there already."""

from gaugecnn.lazy import lazy

__all__ = ["Fields"]

__getattr__, __dir__ = lazy(__name__, {"fields": ["Fields"]})
