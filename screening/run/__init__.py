"""A whole run: from the files of an export to the tables, in steps that leave a file each and are never done twice."""
