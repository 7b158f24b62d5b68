"""The one room where TensorFlow lives. Import its modules only to train or to run Keras."""
