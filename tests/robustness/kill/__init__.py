"""Kills and interrupts of real processes at random: `python -m tests.robustness.kill --help`."""
