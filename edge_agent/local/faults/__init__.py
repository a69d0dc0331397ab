"""What can go wrong on a line, on demand: one vocabulary for the server, the simulator and the tests."""
