"""What is installed and what is flashed: the Debian package, and the image of a whole card.

Law: nothing here runs on the device. Plain Python of the standard library (3.11 and later), so that it starts on a
machine where nothing of ours is installed yet; Debian's own programs do the work.
"""
