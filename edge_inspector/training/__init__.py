"""Training of engines: data sets, networks, losses, cuts, export. PyTorch lives here only."""
