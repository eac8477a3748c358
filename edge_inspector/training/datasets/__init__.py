"""Readers of labelled pictures as others publish them: one form a file, all of them yield the same."""
