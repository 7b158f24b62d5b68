"""The one room where rich lives: values in, drawings out."""
