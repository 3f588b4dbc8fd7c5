"""What is inside a binary, whatever its format, and how it is changed."""
