"""Burns masks in: a child of ours per masked pull decodes, paints whole blocks of pixels solid, and codes again."""
