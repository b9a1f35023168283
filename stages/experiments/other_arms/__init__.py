"""other_arms: self set against another run of its own training, and against better informed crosses."""
