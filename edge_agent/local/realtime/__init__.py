"""The Realtime protocol of a server, sans-IO: client events in, server events out with the time they are due."""
