"""Commands: one module a theme, each ending in a tuple of rows for the table."""
