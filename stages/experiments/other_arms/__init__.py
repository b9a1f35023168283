"""other_arms: self against another run of its own training, and against other crosses."""
