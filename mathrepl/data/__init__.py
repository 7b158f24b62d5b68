"""Examples drawn from a task, and their encoding as index arrays."""
