"""What the built-in assistant can do, a file for each noun; `skill.py` says what a skill is."""
