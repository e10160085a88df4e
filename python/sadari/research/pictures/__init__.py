"""A report as one page for a browser: `page` says how it is put together."""
