"""Each provider, by its simulator over HTTP or SMTP."""
