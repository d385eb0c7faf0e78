"""What providers tell us afterwards: verified, kept once, and heeded."""
