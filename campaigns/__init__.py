"""WHO and WHAT: customers, what the shop knows of them, moments, gestures and campaigns."""
