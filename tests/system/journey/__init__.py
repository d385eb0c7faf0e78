"""A real shop's year lived through the whole system, hour by hour."""
