"""Template filters for occasions and deliveries."""
