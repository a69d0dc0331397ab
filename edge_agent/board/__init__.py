"""The front panel: buttons in, light out. What the light shows is a function of the state (`dialogue.indication`)."""
