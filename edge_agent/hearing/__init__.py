"""From pairs to facts. Every stage is synchronous, 16 kHz, one 10 ms block a call; it returns facts and decides
nothing about the conversation. The wake word listens on the linear tap, speech detection and the uplink on the
suppressed one."""
