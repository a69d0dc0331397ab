"""The embedded Realtime server, a process of its own: it answers without a cloud, and it is what everything is tested
against.
"""
