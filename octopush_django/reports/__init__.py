"""Figures for pages and commands: how far, how much, what is left, and what speaks for what."""
