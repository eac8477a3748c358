"""Starts, watches, restarts and stops the workers. It holds no part data; whatever breaks here, the line worker drains."""
