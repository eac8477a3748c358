"""Records for people: the database derived from ledger and journal, the pictures of rejected parts, questions to both."""
