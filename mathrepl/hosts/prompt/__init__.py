"""The one room where prompt_toolkit lives: lines in, from a person at a terminal."""
