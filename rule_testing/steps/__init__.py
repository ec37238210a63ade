"""The step language: one module per kind of thing that a scenario may say."""
