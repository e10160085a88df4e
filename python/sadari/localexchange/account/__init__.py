"""The account: its desk, its records and figures, and what is told of it."""
