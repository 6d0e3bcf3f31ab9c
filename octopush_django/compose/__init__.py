"""What would happen if a draft were sent: checked, counted, shown; nothing is stored."""
