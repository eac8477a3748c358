"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# An example that takes long on a busy box proves nothing. All else is Hypothesis's own profile: under CI it repeats itself.
settings.register_profile("any_box", settings(), deadline=None)
settings.load_profile("any_box")
