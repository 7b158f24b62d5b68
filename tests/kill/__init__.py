"""Kills and interrupts at random moments of real processes: `python -m tests.kill --help`."""
