"""A file as a table of text: what kind it is, how it is read, and why it cannot be."""
