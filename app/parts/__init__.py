"""What the window can do, by subject: the slots that the table of actions names."""
