"""Random and hostile lines and sessions; `python -m tests.robustness.fuzz -h`."""
