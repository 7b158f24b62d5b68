"""The session: weights in use, questions asked, trainings started."""
