"""Cameras behind one small protocol, one file a driver."""
