"""What a text says: its one form, the letter that it chooses, the number that it opens with."""
