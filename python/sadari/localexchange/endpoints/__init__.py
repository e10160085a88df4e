"""The endpoints, and the answers of them."""
