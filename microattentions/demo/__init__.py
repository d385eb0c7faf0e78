"""The demo: a tea shop with 5,000 customers, 18 months of history, and campaigns whose true effects are known."""
