"""Tasks from files: those of users, and those in the format of the published prompt set."""
