"""People in files, and in: rows read from any table become contacts of a list."""
