"""Which functions live on a domain: pictures laid on it, or fields that live there already."""

from gaugecnn.data.fields import Fields

__all__ = ["Fields"]
