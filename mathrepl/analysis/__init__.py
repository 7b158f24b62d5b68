"""Looking inside networks: what they get wrong, what they hold, and how they learnt."""
