"""Equivariant networks on surfaces under one interface."""
