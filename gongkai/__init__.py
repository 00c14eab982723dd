"""The front door: command line, batch run and dataset writers."""
