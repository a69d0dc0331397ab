"""One realtime conversation with a provider. It moves bytes and events: no samples, no decisions about turns."""
