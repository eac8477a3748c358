"""edge_inspector: an inspection daemon for small parts on a line. Nothing passes uninspected."""
