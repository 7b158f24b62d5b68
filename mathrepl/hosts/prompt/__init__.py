"""The prompt: lines from a person at a terminal. Only this folder imports prompt_toolkit."""
