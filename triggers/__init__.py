"""WHEN and HOW: who reached a moment, who gets the gesture, sending it, what the providers answered."""
