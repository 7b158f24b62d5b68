"""Evaluation suites, and certificates of networks that were asked all of them."""
