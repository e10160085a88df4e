"""The edge: where events come from and commands go."""
