"""The rules. A service knows no HTTP and can be called from the CLI or a worker."""
