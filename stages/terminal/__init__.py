"""What a person at a terminal meets: the list of commands, their last lines, the time of a run."""
