"""The grammar of equations, tasks over them, and their exact answers."""
