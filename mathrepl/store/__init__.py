"""Weights on disk: model card, checked tensors, names and undo."""
