"""One patient explained to a person: the timeline as a picture, why each rule fired or not, a page."""
