"""The one room where matplotlib lives: figures into PNG, SVG and HTML files.

Import its modules only to write a file: they are the only ones that load matplotlib.
"""
