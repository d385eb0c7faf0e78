"""The REST API v1 of customers, facts, moments, gestures and campaigns."""
