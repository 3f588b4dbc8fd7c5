"""What consumers run: repair makes their wheels fit to ship, doctor looks at an environment."""
