"""Evaluation suites, and certificates of asking all of them."""
