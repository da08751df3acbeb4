"""From the tables people have to cameras: header, columns, cells, lines, and the plan of what would change. Pure."""
