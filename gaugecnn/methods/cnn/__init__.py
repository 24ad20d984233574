"""Ordinary planar convolutions: the baseline trained with augmentation."""

from gaugecnn.methods.cnn.family import CNNFamily
from gaugecnn.methods.cnn.stage import CNNStage

__all__ = ["CNNFamily", "CNNStage"]
