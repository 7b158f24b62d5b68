"""Lines and whole sessions at random, hostile ones among them; `python -m tests.fuzz -h`."""
