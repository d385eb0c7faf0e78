"""The project itself: settings, checks, operation, supervisor, demo."""
