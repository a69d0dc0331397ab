"""Ears and voices of the embedded server, in processes of their own."""
