"""What a turn takes, in real time: the daemon in its own threads and a plain client, in the same room, side by side."""
