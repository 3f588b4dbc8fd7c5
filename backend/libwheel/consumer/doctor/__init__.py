"""Doctor: what is wrong with the shared libraries of an environment."""
