"""What comes back: stored as it came, understood, matched, applied once."""
