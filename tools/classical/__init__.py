"""A classical inspector of straws: thresholds and filters that a person chose, nothing learned."""
