"""Providers as their own processes on loopback: their append-only logs are the truth of what was sent."""
