"""Alert channels: texts in two languages, and the way out that nothing waits for."""
