"""Orders on their way, and all that is told, asked and compared of them."""
