"""Hosts: the prompt, the command line, streams, Python, IPython and llm."""
