"""API keys, made in the browser too: the key itself is shown once and never kept."""
