"""What to do next: `step(agent, event, now) -> (agent, effects)`.

Pure: standard library only, no clock, no I/O, no logging.
"""
