"""Pages for people: trying it out, and the evidence behind each rule."""
