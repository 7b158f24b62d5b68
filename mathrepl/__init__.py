"""A terminal lab where a small neural network does arithmetic, character by character."""

__version__ = "0.1.0"
