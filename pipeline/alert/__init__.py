"""From matches to alerts: which story, what has changed, what a person gets. Pure."""
