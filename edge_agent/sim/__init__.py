"""The same edges of the machine made of files and arithmetic: room, device, board, network. Chosen by name, never a
fallback.
"""
