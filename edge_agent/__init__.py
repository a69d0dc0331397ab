"""edge-agent: a voice appliance daemon for Raspberry-Pi-class boards. `app.py` is where everything is put together."""

__version__ = "0.1.0"
