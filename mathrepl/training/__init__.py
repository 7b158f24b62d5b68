"""A training run: its plan, its recipe, its process and its events."""
