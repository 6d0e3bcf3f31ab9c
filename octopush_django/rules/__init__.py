"""Rules without a database: addresses, merge fields, channels, hours, and what forbids sending."""
