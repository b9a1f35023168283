"""How artifacts are kept: table schemas, atomic writes, the response cache."""
