"""What people look for is found."""
