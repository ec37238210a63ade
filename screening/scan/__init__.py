"""The input of a run: which files there are, their bytes in blocks of whole lines, and the lines that could matter."""
