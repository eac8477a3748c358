"""What the line's words become on a wire: one driver a file."""
