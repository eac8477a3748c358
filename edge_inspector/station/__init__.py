"""The files that people write: station, recipe, engine manifest; loading with line numbers, and cross-checks."""
