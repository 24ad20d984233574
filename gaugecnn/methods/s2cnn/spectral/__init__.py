"""Fourier transforms on the sphere and on SO(3), and products of spectra, in real orders."""
