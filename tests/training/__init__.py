"""Tests of the room where TensorFlow lives."""
