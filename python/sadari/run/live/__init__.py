"""A live engine and what it consists of, from its start to its end."""
