"""Our own sound taken out of the microphone: two taps of one path."""
