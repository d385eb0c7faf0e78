"""Living through past days again: planner and fire permit themselves, over facts as they were, on shadow tables.

`facts` and `customers` show what was known at an instant, `shadow` catches what is written, `play` moves the clock,
`outcome` counts what came of it, and `queue` is how a rehearsal is asked for, taken by a worker and cancelled.
"""
