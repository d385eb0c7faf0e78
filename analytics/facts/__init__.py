"""Facts to sufficient statistics, in SQL: a few sums come back, never the rows."""
