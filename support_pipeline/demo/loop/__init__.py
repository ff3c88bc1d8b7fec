"""`make loop`: three months of serving, editing and releasing by themselves, in minutes."""
