"""Models that run on a server: asking and teaching them, and what that costs."""
