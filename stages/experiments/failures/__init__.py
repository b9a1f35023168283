"""failures: what the published models could not predict of themselves."""
