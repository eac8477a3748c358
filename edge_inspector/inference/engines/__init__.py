"""One file a driver: each runs an exported network on one kind of device."""
