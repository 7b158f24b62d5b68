"""The grammar of equations, tasks over them, their exact answers, and lines worked out."""
