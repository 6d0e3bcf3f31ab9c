"""Frames to the gateway: claimed, called, settled; nobody is messaged twice."""
