"""Timers and alarms: what is due when, kept over restarts. That something rings is the dialogue's business."""
