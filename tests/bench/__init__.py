"""What each stage costs, as a ratio to something measured in the same run: `python -m tests.bench`, `make bench`."""
