"""Figures into PNG, SVG and HTML files; the only package that imports matplotlib.

Its modules are imported only when a file is written, since matplotlib loads slowly.
"""
