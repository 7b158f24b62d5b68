"""Networks, sessions, packages and scripted people that several tests share."""
