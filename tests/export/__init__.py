"""Tiny networks of every kind, exported."""
