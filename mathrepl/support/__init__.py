"""Files, settings, locks, plugins and errors: nothing here knows arithmetic."""
