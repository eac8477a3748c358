"""Pictures in memory: decode, crop, overlay."""
