"""What a quality manager reads of an engine: figures with intervals, plots, and the worst mistakes to look at."""
