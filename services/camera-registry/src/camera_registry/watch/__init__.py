"""Watches the fleet: signs of life, looks at pictures, and the alarms that follow."""
