"""The desk's worker: answers tickets, writes notes and replies back, one job at a time, each once."""
