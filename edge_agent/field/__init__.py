"""The technician's commands. They examine the other rooms; they make no decision of their own."""
