"""What every test shares: one hypothesis profile, and the cast (tests/cast.py) to call by name."""

from hypothesis import HealthCheck, settings

# A database makes the first example slow and the machine is shared: time says nothing about correctness here.
settings.register_profile(
    "microattentions", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("microattentions")
