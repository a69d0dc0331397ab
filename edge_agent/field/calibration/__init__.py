"""What `edge-agent calibrate` measures, judges, tells and keeps."""
