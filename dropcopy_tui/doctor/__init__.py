"""The doctor: named misconfigurations of a desk, each with what is wrong, why it matters and what to do."""
