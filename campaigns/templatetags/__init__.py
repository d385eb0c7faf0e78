"""Template filters of the studio."""
