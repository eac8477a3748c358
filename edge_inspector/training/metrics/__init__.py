"""Metrics: how well masks, scores and probabilities agree with labels. Pure; every figure says how it was averaged."""
