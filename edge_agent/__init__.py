"""edge-agent: a voice appliance daemon for Raspberry-Pi-class boards. `app.py` is where everything is put together."""

import os

__version__ = "0.1.0"

# onnxruntime's wheels for Linux report to Microsoft, under an identifier that they keep on the disk, unless this is set
# before they are loaded. Here, because nothing of ours runs before this line, and children inherit it: nothing leaves
# this device that its owner does not know of.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
