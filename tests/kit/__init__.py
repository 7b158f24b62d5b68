"""What several tests share: networks, sessions, packages and people that are scripted."""
