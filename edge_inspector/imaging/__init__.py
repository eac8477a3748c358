"""Pictures in memory: decode, orient, crop, fit, overlay, and the view that they make of a frame."""
